# Draws residuals from its data: run `gnuplot residuals.gp` in this folder.
data = 'residuals.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set grid xtics ytics back lt 1 lc rgb '#E4E4E4' lw 0.4
set border lw 0.6 lc rgb '#404040'
set tics nomirror out scale 0.5,0.25 textcolor rgb '#404040'
set bars small
unset key
do for [kind in 'svg png'] {
  if (kind eq 'svg') {
    set terminal svg size 672,277 font 'DejaVu Sans,8' fontscale 1.3333 linewidth 1.3333 background '#FFFFFF'
    point = 0.4444
  }
  if (kind eq 'png') {
    set terminal pngcairo size 1400,577 font 'DejaVu Sans,8' fontscale 2.0833 linewidth 2.7778 dashlength 1.8
    point = 0.9259
  }
  set output 'residuals.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'Residuals of the law: above 0 it is too high' at screen 0.50000,0.95478 center font ',9' noenhanced front
  set label '' at screen 0.29269,0.90427 point pt 7 ps 1.4*point lc rgb '#0072B2'
  set label 'LLaMA' at screen 0.31848,0.90427 left font ',7' noenhanced front
  set label '' at screen 0.40557,0.90427 point pt 5 ps 1.4*point lc rgb '#D55E00'
  set label 'TNL' at screen 0.43136,0.90427 left font ',7' noenhanced front
  set label '' at screen 0.49969,0.90427 point pt 9 ps 1.4*point lc rgb '#009E73'
  set label 'HGRN2' at screen 0.52549,0.90427 left font ',7' noenhanced front
  set label '' at screen 0.61715,0.90427 point pt 13 ps 1.4*point lc rgb '#CC79A7'
  set label 'cosFormer2' at screen 0.64295,0.90427 left font ',7' noenhanced front
  set lmargin at screen 0.06841
  set rmargin at screen 0.35844
  set bmargin at screen 0.19675
  set tmargin at screen 0.85136
  set logscale x
  set xrange [21021.1898:8205889.84]
  set xtics ('' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-17.1961596:12.6816383]
  set ytics ('-15' -15, '-10' -10, '-5' -5, '0' 0, '5' 5, '10' 10) font ',7' offset 0.4,0
  set label 'N [parameters, without' at screen 0.21343,0.10102 center font ',8' noenhanced front
  set label 'embeddings]' at screen 0.21343,0.05099 center font ',8' noenhanced front
  set label '100 (ln law - ln measured)' at screen 0.01825,0.52405 center rotate by 90 font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(0)):3 with points pt 7 ps 0.9*point lc rgb '#0072B2', \
    data using (series(1)):3 with points pt 5 ps 0.9*point lc rgb '#D55E00', \
    data using (series(2)):3 with points pt 9 ps 0.9*point lc rgb '#009E73', \
    data using (series(3)):3 with points pt 13 ps 0.9*point lc rgb '#CC79A7'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.37828
  set rmargin at screen 0.66831
  set bmargin at screen 0.19675
  set tmargin at screen 0.85136
  set logscale x
  set xrange [932520.094:8753577.95]
  set xtics ('10^{6}' 1000000, '2×10^{6}' 2000000, '' 3000000 1, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-17.1961596:12.6816383]
  set ytics ('' -15, '' -10, '' -5, '' 0, '' 5, '' 10) font ',7' offset 0.4,0
  set label 'D [training tokens]' at screen 0.52329,0.10102 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(4)):3 with points pt 7 ps 0.9*point lc rgb '#0072B2', \
    data using (series(5)):3 with points pt 5 ps 0.9*point lc rgb '#D55E00', \
    data using (series(6)):3 with points pt 9 ps 0.9*point lc rgb '#009E73', \
    data using (series(7)):3 with points pt 13 ps 0.9*point lc rgb '#CC79A7'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.68815
  set rmargin at screen 0.97817
  set bmargin at screen 0.19675
  set tmargin at screen 0.85136
  set logscale x
  set xrange [1.49747656e+11:5.60274124e+14]
  set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-17.1961596:12.6816383]
  set ytics ('' -15, '' -10, '' -5, '' 0, '' 5, '' 10) font ',7' offset 0.4,0
  set label 'training compute C (paper' at screen 0.83316,0.10102 center font ',8' noenhanced front
  set label 'convention) [FLOP]' at screen 0.83316,0.05099 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(8)):3 with points pt 7 ps 0.9*point lc rgb '#0072B2', \
    data using (series(9)):3 with points pt 5 ps 0.9*point lc rgb '#D55E00', \
    data using (series(10)):3 with points pt 9 ps 0.9*point lc rgb '#009E73', \
    data using (series(11)):3 with points pt 13 ps 0.9*point lc rgb '#CC79A7'
  unset multiplot
  set output
}
