# gnuplot best_rates.gp
set datafile separator ","
set logscale xy
set xlabel "D [training tokens]"
set ylabel "learning rate"
set format x "%.1s%c"
set format y "%g"
set grid back linecolor rgb "#E6E6E6"
set xrange [2e5:1.1e7]
set yrange [3e-4:2e-2]
set key off
do for [t = 1:2] {
    if (t == 1) { set terminal svg size 1100,800 font "DejaVu Sans,13"; set output "best_rates.svg" }
    if (t == 2) { set terminal pngcairo size 1650,1200 font "DejaVu Sans,19"; set output "best_rates.png" }
    set multiplot layout 2,2 title "Best constant learning rate: points from parabolas, lines c N^{n} D^{d}"
    set title "llama"
    unset label
    set label "20k" at 8240000.0, 0.004012 tc rgb "#85BBDA" font ",11"
    set label "85k" at 8240000.0, 0.00225 tc rgb "#63A9D0" font ",11"
    set label "334k" at 8240000.0, 0.001335 tc rgb "#4297C6" font ",11"
    set label "906k" at 8240000.0, 0.0008233 tc rgb "#2184BC" font ",11"
    set label "2.8m" at 8240000.0, 0.0005384 tc rgb "#0072B2" font ",11"
    plot "best_rates.csv" using ($1 == 0 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#85BBDA", \
        "best_rates.csv" using ($1 == 1 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#85BBDA", \
        "best_rates.csv" using ($1 == 2 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#63A9D0", \
        "best_rates.csv" using ($1 == 3 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#63A9D0", \
        "best_rates.csv" using ($1 == 4 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#4297C6", \
        "best_rates.csv" using ($1 == 5 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#4297C6", \
        "best_rates.csv" using ($1 == 6 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#2184BC", \
        "best_rates.csv" using ($1 == 7 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#2184BC", \
        "best_rates.csv" using ($1 == 8 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#0072B2", \
        "best_rates.csv" using ($1 == 9 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#0072B2"
    set title "tnl"
    unset label
    set label "20k" at 8240000.0, 0.003122 tc rgb "#EBB285" font ",11"
    set label "85k" at 8240000.0, 0.001799 tc rgb "#E59D63" font ",11"
    set label "334k" at 8240000.0, 0.001078 tc rgb "#E08842" font ",11"
    set label "906k" at 8240000.0, 0.0006689 tc rgb "#DA7321" font ",11"
    set label "2.8m" at 8240000.0, 0.0004397 tc rgb "#D55E00" font ",11"
    plot "best_rates.csv" using ($1 == 10 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#EBB285", \
        "best_rates.csv" using ($1 == 11 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#EBB285", \
        "best_rates.csv" using ($1 == 12 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#E59D63", \
        "best_rates.csv" using ($1 == 13 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#E59D63", \
        "best_rates.csv" using ($1 == 14 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#E08842", \
        "best_rates.csv" using ($1 == 15 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#E08842", \
        "best_rates.csv" using ($1 == 16 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#DA7321", \
        "best_rates.csv" using ($1 == 17 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#DA7321", \
        "best_rates.csv" using ($1 == 18 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#D55E00", \
        "best_rates.csv" using ($1 == 19 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#D55E00"
    set title "hgrn2"
    unset label
    set label "20k" at 8240000.0, 0.003086 tc rgb "#85D0BC" font ",11"
    set label "85k" at 8240000.0, 0.001729 tc rgb "#63C4AA" font ",11"
    set label "334k" at 8240000.0, 0.001026 tc rgb "#42B797" font ",11"
    set label "906k" at 8240000.0, 0.0006324 tc rgb "#21AB85" font ",11"
    set label "2.8m" at 8240000.0, 0.0004135 tc rgb "#009E73" font ",11"
    plot "best_rates.csv" using ($1 == 20 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#85D0BC", \
        "best_rates.csv" using ($1 == 21 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#85D0BC", \
        "best_rates.csv" using ($1 == 22 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#63C4AA", \
        "best_rates.csv" using ($1 == 23 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#63C4AA", \
        "best_rates.csv" using ($1 == 24 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#42B797", \
        "best_rates.csv" using ($1 == 25 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#42B797", \
        "best_rates.csv" using ($1 == 26 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#21AB85", \
        "best_rates.csv" using ($1 == 27 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#21AB85", \
        "best_rates.csv" using ($1 == 28 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#009E73", \
        "best_rates.csv" using ($1 == 29 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#009E73"
    set title "cosformer2"
    unset label
    set label "20k" at 8240000.0, 0.004899 tc rgb "#E7BFD5" font ",11"
    set label "85k" at 8240000.0, 0.00284 tc rgb "#E0ADC9" font ",11"
    set label "334k" at 8240000.0, 0.00171 tc rgb "#D99CBE" font ",11"
    set label "906k" at 8240000.0, 0.001063 tc rgb "#D38AB2" font ",11"
    set label "2.8m" at 8240000.0, 0.0006992 tc rgb "#CC79A7" font ",11"
    plot "best_rates.csv" using ($1 == 30 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#E7BFD5", \
        "best_rates.csv" using ($1 == 31 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#E7BFD5", \
        "best_rates.csv" using ($1 == 32 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#E0ADC9", \
        "best_rates.csv" using ($1 == 33 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#E0ADC9", \
        "best_rates.csv" using ($1 == 34 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#D99CBE", \
        "best_rates.csv" using ($1 == 35 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#D99CBE", \
        "best_rates.csv" using ($1 == 36 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#D38AB2", \
        "best_rates.csv" using ($1 == 37 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#D38AB2", \
        "best_rates.csv" using ($1 == 38 ? $2 : NaN):3 with points pt 7 ps 1.1 lc rgb "#CC79A7", \
        "best_rates.csv" using ($1 == 39 ? $2 : NaN):3 with lines lw 1.5 lc rgb "#CC79A7"
    unset multiplot
}
