# Seed noise: how far losses of one size lie apart when only the seed differs.
# In: observations of several seeds as CSV.  Out: a row for each architecture and size.
#   sd_last [%]   100 x standard deviation over seeds of ln(loss), at the last checkpoint
#   sd [%]        the same, root mean square over the checkpoints with D >= 1M
BEGIN { FS = ","; OFS = "," }
NR == 1 {
    for (i = 1; i <= NF; i++) at[$i] = i
    next
}
{
    key = $at["architecture"] OFS $at["size"]
    if (!(key in n_params)) order[++n_keys] = key
    n_params[key] = $at["N"]
    d = $at["D"] + 0
    if (d > last[key]) last[key] = d
    if (!((key, d) in n)) points[key] = points[key] " " d
    x = log($at["loss"])
    n[key, d]++
    sum[key, d] += x
    square[key, d] += x * x
}
function variance(key, d) {
    m = n[key, d]
    return m > 1 ? (square[key, d] - sum[key, d] * sum[key, d] / m) / (m - 1) : -1
}
END {
    print "architecture,size,N,seeds,D,loss,sd_last_percent,checkpoints,sd_percent"
    for (k = 1; k <= n_keys; k++) {
        key = order[k]
        n_d = split(points[key], place, " ")
        total = used = 0
        for (i = 1; i <= n_d; i++) {
            v = variance(key, place[i])
            if (place[i] >= 1e6 && v >= 0) {
                total += v
                used++
            }
        }
        e = last[key]
        v = variance(key, e)
        printf "%s,%s,%d,%d,%.4f,%s,%d,%s\n", key, n_params[key], n[key, e], e,
            exp(sum[key, e] / n[key, e]), v < 0 ? "" : sprintf("%.3f", 100 * sqrt(v > 0 ? v : 0)),
            used, used ? sprintf("%.3f", 100 * sqrt(total / used)) : ""
    }
}
