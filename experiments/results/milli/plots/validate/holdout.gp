# Draws holdout from its data: run `gnuplot holdout.gp` in this folder.
data = 'holdout.csv'
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
    set terminal svg size 672,618 font 'DejaVu Sans,8' fontscale 1.3333 linewidth 1.3333 background '#FFFFFF'
    point = 0.4444
  }
  if (kind eq 'png') {
    set terminal pngcairo size 1400,1288 font 'DejaVu Sans,8' fontscale 2.0833 linewidth 2.7778 dashlength 1.8
    point = 0.9259
  }
  set output 'holdout.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'Held out: how far predictions of the next level are off' at screen 0.50000,0.97973 center font ',9' noenhanced front
  set label '' at screen 0.11005,0.95710 point pt 13 ps 1.7*point lc rgb '#99C7E0'
  set label 'chinchilla, further ahead' at screen 0.13584,0.95710 left font ',7' noenhanced front
  set label '' at screen 0.34723,0.95710 point pt 7 ps 1.7*point lc rgb '#8A8A8A'
  set label 'nearest' at screen 0.37303,0.95710 left font ',7' noenhanced front
  set label '' at screen 0.46747,0.95710 point pt 7 ps 1.7*point lc rgb '#D55E00'
  set label 'chinchilla E=0' at screen 0.49326,0.95710 left font ',7' noenhanced front
  set arrow from screen 0.63424,0.94955 to screen 0.63424,0.96464 nohead lw 0.7 dt solid lc rgb '#0072B2'
  set label '' at screen 0.63424,0.95710 point pt 13 ps 2*point lc rgb '#0072B2'
  set label 'chinchilla, 95 % for a measurement' at screen 0.66003,0.95710 left font ',7' noenhanced front
  set lmargin at screen 0.05952
  set rmargin at screen 0.47869
  set bmargin at screen 0.53460
  set tmargin at screen 0.90406
  set logscale x
  set xrange [927659.037:6855712.04]
  set xtics ('10^{6}' 1000000, '2×10^{6}' 2000000, '3×10^{6}' 3000000, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-4.93745647:7.27552839]
  set ytics ('-4' -4, '-2' -2, '0' 0, '2' 2, '4' 4, '6' 6) font ',7' offset 0.4,0
  set label 'N [parameters, without embeddings]' at screen 0.26911,0.49170 center font ',8' noenhanced front
  set label '100 (ln predicted - ln measured)' at screen 0.01825,0.71933 center rotate by 90 font ',8' noenhanced front
  set label 'LLaMA' at screen 0.26911,0.91786 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(0)):3 with points pt 13 ps 1.2*point lc rgb '#99C7E0', \
    data using (series(1)):3 with points pt 7 ps 1.2*point lc rgb '#8A8A8A', \
    data using (series(2)):3 with points pt 7 ps 1.2*point lc rgb '#D55E00', \
    data using (series(3)):3:6:7 with yerrorbars lw 0.7 dt solid pt 13 ps 1.5*point lc rgb '#0072B2'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.55901
  set rmargin at screen 0.97817
  set bmargin at screen 0.53460
  set tmargin at screen 0.90406
  set logscale x
  set xrange [964957.369:6987280.25]
  set xtics ('10^{6}' 1000000, '2×10^{6}' 2000000, '3×10^{6}' 3000000, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-34.1895605:44.4191158]
  set ytics ('-30' -30, '-20' -20, '-10' -10, '0' 0, '10' 10, '20' 20, '30' 30, '40' 40) font ',7' offset 0.4,0
  set label 'N [parameters, without embeddings]' at screen 0.76859,0.49170 center font ',8' noenhanced front
  set label '100 (ln predicted - ln measured)' at screen 0.50885,0.71933 center rotate by 90 font ',8' noenhanced front
  set label 'TNL' at screen 0.76859,0.91786 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(4)):3 with points pt 13 ps 1.2*point lc rgb '#99C7E0', \
    data using (series(5)):3 with points pt 7 ps 1.2*point lc rgb '#8A8A8A', \
    data using (series(6)):3 with points pt 7 ps 1.2*point lc rgb '#D55E00', \
    data using (series(7)):3:6:7 with yerrorbars lw 0.7 dt solid pt 13 ps 1.5*point lc rgb '#0072B2'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.05952
  set rmargin at screen 0.47869
  set bmargin at screen 0.06576
  set tmargin at screen 0.43521
  set logscale x
  set xrange [926933.951:6853335.43]
  set xtics ('10^{6}' 1000000, '2×10^{6}' 2000000, '3×10^{6}' 3000000, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-5.54232078:8.45205069]
  set ytics ('-4' -4, '-2' -2, '0' 0, '2' 2, '4' 4, '6' 6, '8' 8) font ',7' offset 0.4,0
  set label 'N [parameters, without embeddings]' at screen 0.26911,0.02285 center font ',8' noenhanced front
  set label '100 (ln predicted - ln measured)' at screen 0.01825,0.25049 center rotate by 90 font ',8' noenhanced front
  set label 'HGRN2' at screen 0.26911,0.44901 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(8)):3 with points pt 13 ps 1.2*point lc rgb '#99C7E0', \
    data using (series(9)):3 with points pt 7 ps 1.2*point lc rgb '#8A8A8A', \
    data using (series(10)):3 with points pt 7 ps 1.2*point lc rgb '#D55E00', \
    data using (series(11)):3:6:7 with yerrorbars lw 0.7 dt solid pt 13 ps 1.5*point lc rgb '#0072B2'
  # panel 4
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.55901
  set rmargin at screen 0.97817
  set bmargin at screen 0.06576
  set tmargin at screen 0.43521
  set logscale x
  set xrange [968852.955:6995342.64]
  set xtics ('10^{6}' 1000000, '2×10^{6}' 2000000, '3×10^{6}' 3000000, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-1.49437061:10.0367563]
  set ytics ('0' 0, '2' 2, '4' 4, '6' 6, '8' 8, '10' 10) font ',7' offset 0.4,0
  set label 'N [parameters, without embeddings]' at screen 0.76859,0.02285 center font ',8' noenhanced front
  set label '100 (ln predicted - ln measured)' at screen 0.51385,0.25049 center rotate by 90 font ',8' noenhanced front
  set label 'cosFormer2' at screen 0.76859,0.44901 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(12)):3 with points pt 13 ps 1.2*point lc rgb '#99C7E0', \
    data using (series(13)):3 with points pt 7 ps 1.2*point lc rgb '#8A8A8A', \
    data using (series(14)):3 with points pt 7 ps 1.2*point lc rgb '#D55E00', \
    data using (series(15)):3:6:7 with yerrorbars lw 0.7 dt solid pt 13 ps 1.5*point lc rgb '#0072B2'
  unset multiplot
  set output
}
