# Draws compare_frontier.svg and compare_frontier.png from compare_frontier.csv: run `gnuplot compare_frontier.gp` in this folder.
data = 'compare_frontier.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set logscale xy
set xrange [1.24278e+11:4.19349e+14]
set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1)
set yrange [1.03126:3.50982]
set format y '%g'
set ytics (1.5, 2, 2.5, 3)
set xlabel 'C = 6 N D [FLOP], at the best N and D' noenhanced
set ylabel 'loss [nats/token]' noenhanced
set grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5
set border lc rgb '#404040'
set tics nomirror
set key top right Left reverse samplen 1.6 spacing 1.05 opaque fillcolor rgb '#FFFFFF' font ',9'
set title font ',13'
do for [kind in 'svg png'] {
  if (kind eq 'svg') {
    set terminal svg size 720,544 font 'DejaVu Sans,11' background '#FFFFFF'
  } else {
    set terminal pngcairo size 1152,870 font 'DejaVu Sans,11' fontscale 1.60 linewidth 1.60 pointscale 1.60
  }
  set output 'compare_frontier.'.kind
  set multiplot layout 1,1 title 'Least loss of each group, with 95 % bands' noenhanced font ',14'
  set title '' noenhanced
  unset label
  plot \
    data using (series(0)):6:7 with filledcurves fs transparent solid 0.22 noborder lc rgb '#0072B2' notitle, \
    data using (series(1)):6:7 with filledcurves fs transparent solid 0.22 noborder lc rgb '#D55E00' notitle, \
    data using (series(2)):6:7 with filledcurves fs transparent solid 0.22 noborder lc rgb '#009E73' notitle, \
    data using (series(3)):6:7 with filledcurves fs transparent solid 0.22 noborder lc rgb '#CC79A7' notitle, \
    data using (series(4)):3 with lines lw 2 dt (6,4) lc rgb '#0072B2' notitle, \
    data using (series(5)):3 with lines lw 2 dt (6,4) lc rgb '#0072B2' notitle, \
    data using (series(6)):3 with lines lw 2.6 lc rgb '#0072B2' title 'llama' noenhanced, \
    data using (series(7)):3 with lines lw 2 dt (6,4) lc rgb '#D55E00' notitle, \
    data using (series(8)):3 with lines lw 2 dt (6,4) lc rgb '#D55E00' notitle, \
    data using (series(9)):3 with lines lw 2.6 lc rgb '#D55E00' title 'tnl' noenhanced, \
    data using (series(10)):3 with lines lw 2 dt (6,4) lc rgb '#009E73' notitle, \
    data using (series(11)):3 with lines lw 2.6 lc rgb '#009E73' title 'hgrn2' noenhanced, \
    data using (series(12)):3 with lines lw 2 dt (6,4) lc rgb '#CC79A7' notitle, \
    data using (series(13)):3 with lines lw 2.6 lc rgb '#CC79A7' title 'cosformer2' noenhanced
  unset multiplot
  set output
}
