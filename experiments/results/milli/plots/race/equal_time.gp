# Draws equal_time.svg and equal_time.png from equal_time.csv: run `gnuplot equal_time.gp` in this folder.
data = 'equal_time.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set logscale xy
set xrange [0.119893:1.59463e+15]
set xtics ('10^{0}' 1, '10^{2}' 100, '10^{4}' 10000, '10^{6}' 1e+06, '10^{8}' 1e+08, '10^{10}' 1e+10, '10^{12}' 1e+12, '10^{14}' 1e+14)
set yrange [1.11608:3.04475]
set format y '%g'
set ytics (1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8, 3)
set xlabel 'X' noenhanced
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
  set output 'equal_time.'.kind
  set multiplot layout 2,2 title 'Equal time, equal compute, equal data: each group''s best run thick' noenhanced font ',14'
set xrange [0.343431:2086.6]
set xtics ('' 0.4 1, '' 0.5 1, '' 0.6 1, '' 0.7 1, '' 0.8 1, '' 0.9 1, '10^{0}' 1, '' 2 1, '' 3 1, '' 4 1, '' 5 1, '' 6 1, '' 7 1, '' 8 1, '' 9 1, '10^{1}' 10, '' 20 1, '' 30 1, '' 40 1, '' 50 1, '' 60 1, '' 70 1, '' 80 1, '' 90 1, '10^{2}' 100, '' 200 1, '' 300 1, '' 400 1, '' 500 1, '' 600 1, '' 700 1, '' 800 1, '' 900 1, '10^{3}' 1000, '' 2000 1)
set yrange [1.11608:3.04475]
set format y '%g'
set ytics (1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8, 3)
  set xlabel 'training time [core-seconds]' noenhanced
  set title '' noenhanced
  unset label
  plot \
    data using (series(0)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(1)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(2)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(3)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(4)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(5)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(6)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(7)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(8)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(9)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(10)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(11)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(12)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(13)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(14)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(15)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(16)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(17)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(18)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(19)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(20)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(21)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(22)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(23)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(24)):3 with lines lw 2.6 lc rgb '#0072B2' title 'llama' noenhanced, \
    data using (series(25)):3 with lines lw 2.6 lc rgb '#D55E00' title 'tnl' noenhanced, \
    data using (series(26)):3 with lines lw 2.6 lc rgb '#009E73' title 'hgrn2' noenhanced, \
    data using (series(27)):3 with lines lw 2.6 lc rgb '#CC79A7' title 'cosformer2' noenhanced
set xrange [3.51813e+10:5.77565e+14]
set xtics ('' 4e+10 1, '' 5e+10 1, '' 6e+10 1, '' 7e+10 1, '' 8e+10 1, '' 9e+10 1, '10^{11}' 1e+11, '' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1)
set yrange [1.11608:3.04475]
set format y '%g'
set ytics (1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8, 3)
  set xlabel 'training compute C [FLOP]' noenhanced
  set title '' noenhanced
  unset label
  plot \
    data using (series(28)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(29)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(30)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(31)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(32)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(33)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(34)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(35)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(36)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(37)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(38)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(39)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(40)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(41)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(42)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(43)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(44)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(45)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(46)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(47)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(48)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(49)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(50)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(51)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(52)):3 with lines lw 2.6 lc rgb '#0072B2' title 'llama' noenhanced, \
    data using (series(53)):3 with lines lw 2.6 lc rgb '#D55E00' title 'tnl' noenhanced, \
    data using (series(54)):3 with lines lw 2.6 lc rgb '#009E73' title 'hgrn2' noenhanced, \
    data using (series(55)):3 with lines lw 2.6 lc rgb '#CC79A7' title 'cosformer2' noenhanced
set xrange [221213:9.1881e+06]
set xtics ('' 300000 1, '' 400000 1, '5·10^{5}' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1, '' 8e+06 1, '' 9e+06 1)
set yrange [1.11608:3.04475]
set format y '%g'
set ytics (1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8, 3)
  set xlabel 'training tokens D' noenhanced
  set title '' noenhanced
  unset label
  plot \
    data using (series(56)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(57)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(58)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(59)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(60)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(61)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(62)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(63)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(64)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(65)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(66)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(67)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(68)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(69)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(70)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(71)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(72)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(73)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(74)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(75)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(76)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(77)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(78)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(79)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(80)):3 with lines lw 2.6 lc rgb '#0072B2' title 'llama' noenhanced, \
    data using (series(81)):3 with lines lw 2.6 lc rgb '#D55E00' title 'tnl' noenhanced, \
    data using (series(82)):3 with lines lw 2.6 lc rgb '#009E73' title 'hgrn2' noenhanced, \
    data using (series(83)):3 with lines lw 2.6 lc rgb '#CC79A7' title 'cosformer2' noenhanced
  unset multiplot
  set output
}
