# Draws optimal_params.svg and optimal_params.png from optimal_params.csv: run `gnuplot optimal_params.gp` in this folder.
data = 'optimal_params.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set logscale xy
set xrange [1.0337e+11:5.04169e+16]
set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1, '' 6e+14 1, '' 7e+14 1, '' 8e+14 1, '' 9e+14 1, '10^{15}' 1e+15, '' 2e+15 1, '' 3e+15 1, '' 4e+15 1, '' 5e+15 1, '' 6e+15 1, '' 7e+15 1, '' 8e+15 1, '' 9e+15 1, '10^{16}' 1e+16, '' 2e+16 1, '' 3e+16 1, '' 4e+16 1, '' 5e+16 1)
set yrange [766.723:1.19816e+09]
set ytics ('' 800 1, '' 900 1, '10^{3}' 1000, '' 2000 1, '' 3000 1, '' 4000 1, '' 5000 1, '' 6000 1, '' 7000 1, '' 8000 1, '' 9000 1, '10^{4}' 10000, '' 20000 1, '' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1e+06, '' 2e+06 1, '' 3e+06 1, '' 4e+06 1, '' 5e+06 1, '' 6e+06 1, '' 7e+06 1, '' 8e+06 1, '' 9e+06 1, '10^{7}' 1e+07, '' 2e+07 1, '' 3e+07 1, '' 4e+07 1, '' 5e+07 1, '' 6e+07 1, '' 7e+07 1, '' 8e+07 1, '' 9e+07 1, '10^{8}' 1e+08, '' 2e+08 1, '' 3e+08 1, '' 4e+08 1, '' 5e+08 1, '' 6e+08 1, '' 7e+08 1, '' 8e+08 1, '' 9e+08 1, '10^{9}' 1e+09)
set xlabel 'C = 6 N D [FLOP]' noenhanced
set ylabel 'best N [parameters]' noenhanced
set grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5
set border lc rgb '#404040'
set tics nomirror
set key top left Left reverse samplen 1.6 spacing 1.05 opaque fillcolor rgb '#FFFFFF' font ',9'
set title font ',13'
do for [kind in 'svg png'] {
  if (kind eq 'svg') {
    set terminal svg size 1120,884 font 'DejaVu Sans,11' background '#FFFFFF'
  } else {
    set terminal pngcairo size 1792,1414 font 'DejaVu Sans,11' fontscale 1.60 linewidth 1.60 pointscale 1.60
  }
  set output 'optimal_params.'.kind
  set multiplot layout 2,2 title 'Best size for a compute budget' noenhanced font ',14'
  set title 'llama' noenhanced
  unset label
  unset arrow
  set arrow from first 3.03907738e+14,graph 0 to first 3.03907738e+14,graph 1 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  set label 'data end' at first 3.03907738e+14,graph 0.96 left offset 0.5,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(0)):6:7 with filledcurves fs transparent solid 0.22 noborder lc rgb '#0072B2' title '95 % of the bootstrap' noenhanced, \
    data using (series(1)):3 with lines lw 2.6 lc rgb '#0072B2' title 'best N by L(N, D)' noenhanced, \
    data using (series(2)):3 with points pt 7 ps 0.55 lc rgb '#222222' title 'vertices of the isoFLOP parabolas' noenhanced
  set title 'tnl' noenhanced
  unset label
  unset arrow
  set arrow from first 3.09993023e+14,graph 0 to first 3.09993023e+14,graph 1 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  set label 'data end' at first 3.09993023e+14,graph 0.96 left offset 0.5,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(3)):6:7 with filledcurves fs transparent solid 0.22 noborder lc rgb '#D55E00' title '95 % of the bootstrap' noenhanced, \
    data using (series(4)):3 with lines lw 2.6 lc rgb '#D55E00' title 'best N by L(N, D)' noenhanced, \
    data using (series(5)):3 with points pt 7 ps 0.55 lc rgb '#222222' title 'vertices of the isoFLOP parabolas' noenhanced
  set title 'hgrn2' noenhanced
  unset label
  unset arrow
  set arrow from first 3.03797096e+14,graph 0 to first 3.03797096e+14,graph 1 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  set label 'data end' at first 3.03797096e+14,graph 0.96 left offset 0.5,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(6)):6:7 with filledcurves fs transparent solid 0.22 noborder lc rgb '#009E73' title '95 % of the bootstrap' noenhanced, \
    data using (series(7)):3 with lines lw 2.6 lc rgb '#009E73' title 'best N by L(N, D)' noenhanced
  set title 'cosformer2' noenhanced
  unset label
  unset arrow
  set arrow from first 3.10386415e+14,graph 0 to first 3.10386415e+14,graph 1 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  set label 'data end' at first 3.10386415e+14,graph 0.96 left offset 0.5,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(8)):6:7 with filledcurves fs transparent solid 0.22 noborder lc rgb '#CC79A7' title '95 % of the bootstrap' noenhanced, \
    data using (series(9)):3 with lines lw 2.6 lc rgb '#CC79A7' title 'best N by L(N, D)' noenhanced
  unset multiplot
  set output
}
