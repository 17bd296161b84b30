# Draws profile.svg and profile.png from profile.csv: run `gnuplot profile.gp` in this folder.
data = 'profile.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set xrange [-1.234975:13.489508]
set format x '%g'
set xtics autofreq
set yrange [-0.158589692:4.123332]
set format y '%g'
set ytics autofreq
set xlabel 'parameter' noenhanced
set ylabel 'rise of the objective / what 95 % allows' noenhanced
set grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5
set border lc rgb '#404040'
set tics nomirror
set key outside top center horizontal Left reverse samplen 1.6 spacing 1.05 opaque fillcolor rgb '#FFFFFF' font ',9'
set title font ',13'
do for [kind in 'svg png'] {
  if (kind eq 'svg') {
    set terminal svg size 1680,884 font 'DejaVu Sans,11' background '#FFFFFF'
  } else {
    set terminal pngcairo size 2688,1414 font 'DejaVu Sans,11' fontscale 1.60 linewidth 1.60 pointscale 1.60
  }
  set output 'profile.'.kind
  set multiplot layout 2,3 title 'How far each parameter may move, the others fitted anew (observations as independent)' noenhanced font ',14'
set xrange [-0.724953539:0.228950032]
set format x '%g'
set xtics autofreq
set yrange [-0.156438663:4.06740525]
set format y '%g'
set ytics autofreq
  set xlabel 'ln E' noenhanced
  set title 'E' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  set label '95 %' at graph 0.985,first 1 right offset 0,0.5 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(0)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#0072B2' title 'llama' noenhanced, \
    data using (series(1)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#D55E00' title 'tnl' noenhanced, \
    data using (series(2)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#009E73' title 'hgrn2' noenhanced, \
    data using (series(3)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#CC79A7' title 'cosformer2' noenhanced
set xrange [1.49258669:5.21960782]
set format x '%g'
set xtics autofreq
set yrange [-0.151759154:3.94573801]
set format y '%g'
set ytics autofreq
  set xlabel 'ln A' noenhanced
  set title 'A' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  set label '95 %' at graph 0.985,first 1 right offset 0,0.5 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(4)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#0072B2' notitle, \
    data using (series(5)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#D55E00' notitle, \
    data using (series(6)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#009E73' notitle, \
    data using (series(7)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#CC79A7' notitle
set xrange [2.96063827:13.3281383]
set format x '%g'
set xtics autofreq
set yrange [-0.158589692:4.123332]
set format y '%g'
set ytics autofreq
  set xlabel 'ln B' noenhanced
  set title 'B' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  set label '95 %' at graph 0.985,first 1 right offset 0,0.5 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(8)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#0072B2' notitle, \
    data using (series(9)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#D55E00' notitle, \
    data using (series(10)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#009E73' notitle, \
    data using (series(11)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#CC79A7' notitle
set xrange [0.190755391:0.547942081]
set format x '%g'
set xtics autofreq
set yrange [-0.148202012:3.85325232]
set format y '%g'
set ytics autofreq
  set xlabel 'alpha' noenhanced
  set title 'alpha' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  set label '95 %' at graph 0.985,first 1 right offset 0,0.5 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(12)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#0072B2' notitle, \
    data using (series(13)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#D55E00' notitle, \
    data using (series(14)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#009E73' notitle, \
    data using (series(15)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#CC79A7' notitle
set xrange [0.239962124:0.996960494]
set format x '%g'
set xtics autofreq
set yrange [-0.150857557:3.92229649]
set format y '%g'
set ytics autofreq
  set xlabel 'beta' noenhanced
  set title 'beta' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  set label '95 %' at graph 0.985,first 1 right offset 0,0.5 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(16)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#0072B2' notitle, \
    data using (series(17)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#D55E00' notitle, \
    data using (series(18)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#009E73' notitle, \
    data using (series(19)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#CC79A7' notitle
  unset multiplot
  set output
}
