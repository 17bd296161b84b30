# Draws holdout.svg and holdout.png from holdout.csv: run `gnuplot holdout.gp` in this folder.
data = 'holdout.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set xrange [1.15146863:1.33705365]
set format x '%g'
set xtics autofreq
set yrange [0.846732769:1.91044231]
set format y '%g'
set ytics autofreq
set xlabel 'measured' noenhanced
set ylabel 'predicted' noenhanced
set grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5
set border lc rgb '#404040'
set tics nomirror
set key outside top center horizontal Left reverse samplen 1.6 spacing 1.05 opaque fillcolor rgb '#FFFFFF' font ',9'
set title font ',13'
do for [kind in 'svg png'] {
  if (kind eq 'svg') {
    set terminal svg size 1120,884 font 'DejaVu Sans,11' background '#FFFFFF'
  } else {
    set terminal pngcairo size 1792,1414 font 'DejaVu Sans,11' fontscale 1.60 linewidth 1.60 pointscale 1.60
  }
  set output 'holdout.'.kind
  set multiplot layout 2,2 title 'Held out: the next level, predicted against measured' noenhanced font ',14'
set xrange [1.19669714:1.26854011]
set format x '%g'
set xtics autofreq
set yrange [1.15363296:1.36251356]
set format y '%g'
set ytics autofreq
  set title 'llama' noenhanced
  unset label
  unset arrow
  set arrow from first 1.19669714,first 1.19669714 to first 1.26854011,first 1.26854011 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(0)):3 with points pt 7 ps 0.55 lc rgb '#A9C9E0' title 'chinchilla, further ahead' noenhanced, \
    data using (series(1)):3 with points pt 7 ps 0.55 lc rgb '#999999' title 'nearest' noenhanced, \
    data using (series(2)):3 with points pt 7 ps 0.55 lc rgb '#E69F00' title 'chinchilla E=0' noenhanced, \
    data using (series(3)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#0072B2' title 'chinchilla, 95 % for a measurement' noenhanced
set xrange [1.20394396:1.33282897]
set format x '%g'
set xtics autofreq
set yrange [0.846732769:1.91044231]
set format y '%g'
set ytics autofreq
  set title 'tnl' noenhanced
  unset label
  unset arrow
  set arrow from first 1.20394396,first 1.20394396 to first 1.33282897,first 1.33282897 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(4)):3 with points pt 7 ps 0.55 lc rgb '#A9C9E0' title 'chinchilla, further ahead' noenhanced, \
    data using (series(5)):3 with points pt 7 ps 0.55 lc rgb '#999999' title 'nearest' noenhanced, \
    data using (series(6)):3 with points pt 7 ps 0.55 lc rgb '#E69F00' title 'chinchilla E=0' noenhanced, \
    data using (series(7)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#0072B2' title 'chinchilla, 95 % for a measurement' noenhanced
set xrange [1.15496957:1.24602927]
set format x '%g'
set xtics autofreq
set yrange [1.09233495:1.35441109]
set format y '%g'
set ytics autofreq
  set title 'hgrn2' noenhanced
  unset label
  unset arrow
  set arrow from first 1.15496957,first 1.15496957 to first 1.24602927,first 1.24602927 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(8)):3 with points pt 7 ps 0.55 lc rgb '#A9C9E0' title 'chinchilla, further ahead' noenhanced, \
    data using (series(9)):3 with points pt 7 ps 0.55 lc rgb '#999999' title 'nearest' noenhanced, \
    data using (series(10)):3 with points pt 7 ps 0.55 lc rgb '#E69F00' title 'chinchilla E=0' noenhanced, \
    data using (series(11)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#0072B2' title 'chinchilla, 95 % for a measurement' noenhanced
set xrange [1.24200421:1.33357151]
set format x '%g'
set xtics autofreq
set yrange [1.25015317:1.42360648]
set format y '%g'
set ytics autofreq
  set title 'cosformer2' noenhanced
  unset label
  unset arrow
  set arrow from first 1.25015317,first 1.25015317 to first 1.33357151,first 1.33357151 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(12)):3 with points pt 7 ps 0.55 lc rgb '#A9C9E0' title 'chinchilla, further ahead' noenhanced, \
    data using (series(13)):3 with points pt 7 ps 0.55 lc rgb '#999999' title 'nearest' noenhanced, \
    data using (series(14)):3 with points pt 7 ps 0.55 lc rgb '#E69F00' title 'chinchilla E=0' noenhanced, \
    data using (series(15)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#0072B2' title 'chinchilla, 95 % for a measurement' noenhanced
  unset multiplot
  set output
}
