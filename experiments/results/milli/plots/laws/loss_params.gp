# Draws loss_params.svg and loss_params.png from loss_params.csv: run `gnuplot loss_params.gp` in this folder.
data = 'loss_params.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set logscale xy
set xrange [21426.4:1.93775e+07]
set xtics ('' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1e+06, '' 2e+06 1, '' 3e+06 1, '' 4e+06 1, '' 5e+06 1, '' 6e+06 1, '' 7e+06 1, '' 8e+06 1, '' 9e+06 1, '10^{7}' 1e+07)
set yrange [1.12213:2.64528]
set format y '%g'
set ytics (1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6)
set xlabel 'N [parameters, without embeddings]' noenhanced
set ylabel 'loss [nats/token]' noenhanced
set grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5
set border lc rgb '#404040'
set tics nomirror
set key top right Left reverse samplen 1.6 spacing 1.05 opaque fillcolor rgb '#FFFFFF' font ',9'
set title font ',13'
do for [kind in 'svg png'] {
  if (kind eq 'svg') {
    set terminal svg size 1120,884 font 'DejaVu Sans,11' background '#FFFFFF'
  } else {
    set terminal pngcairo size 1792,1414 font 'DejaVu Sans,11' fontscale 1.60 linewidth 1.60 pointscale 1.60
  }
  set output 'loss_params.'.kind
  set multiplot layout 2,2 title 'Loss against size: points measured, curves by L(N, D)' noenhanced font ',14'
  set title 'llama' noenhanced
  unset label
  set label 'D = 8M' at 6.32858e+06,1.20929 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'D = 2M' at 6.32858e+06,1.42345 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(0)):3 with points pt 7 ps 0.55 lc rgb '#8CC0DC' notitle, \
    data using (series(1)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(2)):3 with points pt 7 ps 0.55 lc rgb '#0072B2' notitle, \
    data using (series(3)):3 with lines lw 1.4 lc rgb '#0072B2' notitle
  set title 'tnl' noenhanced
  unset label
  set label 'D = 8M' at 6.4553e+06,1.21022 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'D = 2M' at 6.4553e+06,1.45388 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(4)):3 with points pt 7 ps 0.55 lc rgb '#ECB78C' notitle, \
    data using (series(5)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(6)):3 with points pt 7 ps 0.55 lc rgb '#D55E00' notitle, \
    data using (series(7)):3 with lines lw 1.4 lc rgb '#D55E00' notitle
  set title 'hgrn2' noenhanced
  unset label
  set label 'D = 8M' at 6.32627e+06,1.1629 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'D = 2M' at 6.32627e+06,1.34887 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(8)):3 with points pt 7 ps 0.55 lc rgb '#8CD3C0' notitle, \
    data using (series(9)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(10)):3 with points pt 7 ps 0.55 lc rgb '#009E73' notitle, \
    data using (series(11)):3 with lines lw 1.4 lc rgb '#009E73' notitle
  set title 'cosformer2' noenhanced
  unset label
  set label 'D = 8M' at 6.46349e+06,1.29681 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'D = 2M' at 6.46349e+06,1.55002 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(12)):3 with points pt 7 ps 0.55 lc rgb '#E8C3D7' notitle, \
    data using (series(13)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(14)):3 with points pt 7 ps 0.55 lc rgb '#CC79A7' notitle, \
    data using (series(15)):3 with lines lw 1.4 lc rgb '#CC79A7' notitle
  unset multiplot
  set output
}
