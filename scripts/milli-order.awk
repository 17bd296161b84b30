# Does the loss fall with D along every run, and with N at every D?
# In: observations as CSV, one seed, each run by rising D.  Out: a row for each run and for each pair
# of neighbouring sizes.
#   of run    steps from one checkpoint to the next, how many rise, the largest rise [%] and its D;
#             falls [%] is the mean fall a step over the second half of the run, to hold it against
#   of pair   checkpoints of the larger size with D >= 1M (the smaller's loss interpolated in ln D),
#             at how many the larger is the worse, by how much at most [%], and the largest such D
BEGIN { FS = ","; OFS = "," }
NR == 1 {
    for (i = 1; i <= NF; i++) at[$i] = i
    next
}
{
    a = $at["architecture"]
    key = a OFS $at["size"]
    if (!(key in count)) {
        order[++n_keys] = key
        of[n_keys] = a
    }
    i = ++count[key]
    d[key, i] = $at["D"] + 0
    x[key, i] = log($at["loss"])
}
function between(key, tokens,    i, w) {
    if (tokens < d[key, 1] || tokens > d[key, count[key]]) return ""
    for (i = 2; d[key, i] < tokens; i++);
    w = log(tokens / d[key, i - 1]) / log(d[key, i] / d[key, i - 1])
    return x[key, i - 1] + w * (x[key, i] - x[key, i - 1])
}
function run(key,    i, rise, rises, worst, where, n, half) {
    for (i = 2; i <= count[key]; i++) {
        rise = x[key, i] - x[key, i - 1]
        if (rise > 0) rises++
        if (rise > worst) {
            worst = rise
            where = d[key, i]
        }
    }
    n = count[key]
    half = int((n + 1) / 2)
    printf "run,%s,,%d,%d,%.3f,%s,%.3f\n", key, n - 1, rises, 100 * worst, where,
        100 * (x[key, half] - x[key, n]) / (n - half)
}
function pair(small, large,    i, y, n, worse, worst, where) {
    for (i = 1; i <= count[large]; i++) {
        if (d[large, i] < 1e6) continue
        y = between(small, d[large, i])
        if (y == "") continue
        n++
        if (x[large, i] > y) {
            worse++
            where = d[large, i]
            if (x[large, i] - y > worst) worst = x[large, i] - y
        }
    }
    split(large, name, OFS)
    printf "pair,%s,%s,%d,%d,%.3f,%s,\n", small, name[2], n, worse, 100 * worst, where
}
END {
    print "kind,architecture,size,larger,compared,against,largest_percent,D,mean_fall_percent"
    for (k = 1; k <= n_keys; k++) run(order[k])
    for (k = 2; k <= n_keys; k++) if (of[k] == of[k - 1]) pair(order[k - 1], order[k])
}
