# Draws loss_compute.svg and loss_compute.png from loss_compute.csv: run `gnuplot loss_compute.gp` in this folder.
data = 'loss_compute.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set logscale xy
set xrange [1.53742e+11:5.45716e+14]
set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1)
set yrange [1.09335:2.88178]
set format y '%g'
set ytics (1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8)
set xlabel 'training compute C [FLOP, as arXiv:2406.16690 counts]' noenhanced
set ylabel 'loss [nats/token]' noenhanced
set grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5
set border lc rgb '#404040'
set tics nomirror
set key bottom left Left reverse samplen 1.6 spacing 1.05 opaque fillcolor rgb '#FFFFFF' font ',9'
set title font ',13'
do for [kind in 'svg png'] {
  if (kind eq 'svg') {
    set terminal svg size 1120,884 font 'DejaVu Sans,11' background '#FFFFFF'
  } else {
    set terminal pngcairo size 1792,1414 font 'DejaVu Sans,11' fontscale 1.60 linewidth 1.60 pointscale 1.60
  }
  set output 'loss_compute.'.kind
  set multiplot layout 2,2 title 'Loss against compute, one curve a run, labelled with its N' noenhanced font ',14'
  set title 'llama' noenhanced
  unset label
  set label '27k' at 5.68278e+11,1.99954 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '100k' at 1.44579e+12,1.83178 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '330k' at 3.94882e+12,1.7235 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1M' at 1.03213e+13,1.67428 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '2.7M' at 2.34845e+13,1.64234 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '6.3M' at 5.13752e+13,1.65142 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(0)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#8CC0DC' notitle, \
    data using (series(1)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#70B0D4' notitle, \
    data using (series(2)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#54A1CB' notitle, \
    data using (series(3)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#3891C3' notitle, \
    data using (series(4)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#1C82BA' notitle, \
    data using (series(5)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#0072B2' notitle, \
    data using (series(6)):3 with lines lw 2 dt (6,4) lc rgb '#8A8A8A' title 'power law on the envelope' noenhanced, \
    data using (series(7)):3 with lines lw 2.6 lc rgb '#222222' title 'compute-optimal by L(N, D)' noenhanced, \
    data using (series(8)):3 with lines lw 2 dt (6,4) lc rgb '#222222' title 'the same, at D beyond the longest run' noenhanced
  set title 'tnl' noenhanced
  unset label
  set label '31k' at 2.3327e+11,2.45423 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '110k' at 7.75778e+11,2.30201 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '350k' at 2.44129e+12,1.88606 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1M' at 6.97127e+12,1.81998 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '2.7M' at 1.76192e+13,1.68525 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '6.5M' at 4.09481e+13,1.67577 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(9)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#ECB78C' notitle, \
    data using (series(10)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#E7A570' notitle, \
    data using (series(11)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#E39354' notitle, \
    data using (series(12)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#DE8138' notitle, \
    data using (series(13)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#DA701C' notitle, \
    data using (series(14)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#D55E00' notitle, \
    data using (series(15)):3 with lines lw 2 dt (6,4) lc rgb '#8A8A8A' title 'power law on the envelope' noenhanced, \
    data using (series(16)):3 with lines lw 2.6 lc rgb '#222222' title 'compute-optimal by L(N, D)' noenhanced, \
    data using (series(17)):3 with lines lw 2 dt (6,4) lc rgb '#222222' title 'the same, at D beyond the longest run' noenhanced
  set title 'hgrn2' noenhanced
  unset label
  set label '27k' at 2.08105e+11,1.93194 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '100k' at 7.25447e+11,1.79106 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '330k' at 2.32804e+12,1.66767 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1M' at 6.71961e+12,1.58084 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '2.7M' at 1.71786e+13,1.51995 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '6.3M' at 4.01648e+13,1.48498 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(18)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#8CD3C0' notitle, \
    data using (series(19)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#70C9B1' notitle, \
    data using (series(20)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#54BEA1' notitle, \
    data using (series(21)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#38B392' notitle, \
    data using (series(22)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#1CA982' notitle, \
    data using (series(23)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#009E73' notitle, \
    data using (series(24)):3 with lines lw 2 dt (6,4) lc rgb '#8A8A8A' title 'power law on the envelope' noenhanced, \
    data using (series(25)):3 with lines lw 2.6 lc rgb '#222222' title 'compute-optimal by L(N, D)' noenhanced, \
    data using (series(26)):3 with lines lw 2 dt (6,4) lc rgb '#222222' title 'the same, at D beyond the longest run' noenhanced
  set title 'cosformer2' noenhanced
  unset label
  set label '32k' at 2.72126e+11,2.17492 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '110k' at 8.53491e+11,1.93109 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '350k' at 2.61614e+12,1.87489 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1M' at 7.35983e+12,1.8368 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '2.7M' at 1.82995e+13,1.84726 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  set label '6.5M' at 4.21575e+13,1.85239 center offset 0,0.6 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(27)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#E8C3D7' notitle, \
    data using (series(28)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#E2B4CE' notitle, \
    data using (series(29)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#DDA5C4' notitle, \
    data using (series(30)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#D796BA' notitle, \
    data using (series(31)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#D288B1' notitle, \
    data using (series(32)):3 with linespoints lw 1.2 pt 7 ps 0.3 lc rgb '#CC79A7' notitle, \
    data using (series(33)):3 with lines lw 2 dt (6,4) lc rgb '#8A8A8A' title 'power law on the envelope' noenhanced, \
    data using (series(34)):3 with lines lw 2.6 lc rgb '#222222' title 'compute-optimal by L(N, D)' noenhanced, \
    data using (series(35)):3 with lines lw 2 dt (6,4) lc rgb '#222222' title 'the same, at D beyond the longest run' noenhanced
  unset multiplot
  set output
}
