# The best learning rate of each model after each number of tokens, from a sweep's observations.
# In: observations as CSV with the column training.optimizer.adamw.lr.  Out: architecture,size,N,D,lr, the
# vertex of the parabola in ln(lr) through ln(loss) at the rate of least loss and its two neighbours.
# Where the least loss is at an end of the sweep there is no vertex, and no row.
BEGIN { FS = ","; OFS = "," }
NR == 1 {
    for (i = 1; i <= NF; i++) at[$i] = i
    print "architecture,size,N,D,lr"
    next
}
{
    key = $at["architecture"] OFS $at["size"] OFS $at["N"] OFS $at["D"]
    if (!(key in n)) order[++n_keys] = key
    k = ++n[key]
    rate[key, k] = log($at["training.optimizer.adamw.lr"])
    loss[key, k] = log($at["loss"])
}
function sort_by_rate(key,    i, j, t) {
    for (i = 2; i <= n[key]; i++)
        for (j = i; j > 1 && rate[key, j] < rate[key, j - 1]; j--) {
            t = rate[key, j]; rate[key, j] = rate[key, j - 1]; rate[key, j - 1] = t
            t = loss[key, j]; loss[key, j] = loss[key, j - 1]; loss[key, j - 1] = t
        }
}
END {
    for (k = 1; k <= n_keys; k++) {
        key = order[k]
        sort_by_rate(key)
        best = 1
        for (i = 2; i <= n[key]; i++) if (loss[key, i] < loss[key, best]) best = i
        if (best == 1 || best == n[key]) continue
        # Newton's form through three points; the vertex is where its derivative is zero.
        x0 = rate[key, best - 1]; x1 = rate[key, best]; x2 = rate[key, best + 1]
        s01 = (loss[key, best] - loss[key, best - 1]) / (x1 - x0)
        s12 = (loss[key, best + 1] - loss[key, best]) / (x2 - x1)
        curve = (s12 - s01) / (x2 - x0)
        printf "%s,%.6g\n", key, exp((x0 + x1) / 2 - s01 / (2 * curve))
    }
}
