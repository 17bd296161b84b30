# Draws compare_multiplier.svg and compare_multiplier.png from compare_multiplier.csv: run `gnuplot compare_multiplier.gp` in this folder.
data = 'compare_multiplier.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set logscale y
set xrange [1.25968:1.70032]
set format x '%g'
set xtics autofreq
set yrange [0.160116:23.4499]
set ytics ('2·10^{-1}' 0.2, '' 0.3 1, '' 0.4 1, '5·10^{-1}' 0.5, '' 0.6 1, '' 0.7 1, '' 0.8 1, '' 0.9 1, '10^{0}' 1, '2·10^{0}' 2, '' 3 1, '' 4 1, '5·10^{0}' 5, '' 6 1, '' 7 1, '' 8 1, '' 9 1, '10^{1}' 10, '2·10^{1}' 20)
set xlabel 'loss [nats/token]' noenhanced
set ylabel 'C over that of llama' noenhanced
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
  set output 'compare_multiplier.'.kind
  set multiplot layout 1,1 title 'C for the same loss, over that of llama' noenhanced font ',14'
  set title '' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(0)):6:7 with filledcurves fs transparent solid 0.22 noborder lc rgb '#D55E00' notitle, \
    data using (series(1)):6:7 with filledcurves fs transparent solid 0.22 noborder lc rgb '#009E73' notitle, \
    data using (series(2)):6:7 with filledcurves fs transparent solid 0.22 noborder lc rgb '#CC79A7' notitle, \
    data using (series(3)):3 with lines lw 2.6 lc rgb '#D55E00' title 'tnl' noenhanced, \
    data using (series(4)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#D55E00' notitle, \
    data using (series(5)):3 with lines lw 2.6 lc rgb '#009E73' title 'hgrn2' noenhanced, \
    data using (series(6)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#009E73' notitle, \
    data using (series(7)):3 with lines lw 2.6 lc rgb '#CC79A7' title 'cosformer2' noenhanced, \
    data using (series(8)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#CC79A7' notitle
  unset multiplot
  set output
}
