# Draws compare_frontier from its data: run `gnuplot compare_frontier.gp` in this folder.
data = 'compare_frontier.csv'
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
    set terminal svg size 672,431 font 'DejaVu Sans,8' fontscale 1.3333 linewidth 1.3333 background '#FFFFFF'
    point = 0.4444
  }
  if (kind eq 'png') {
    set terminal pngcairo size 1400,899 font 'DejaVu Sans,8' fontscale 2.0833 linewidth 2.7778 dashlength 1.8
    point = 0.9259
  }
  set output 'compare_frontier.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'Least loss of each group with 95 % bands; dotted beyond its data' at screen 0.50000,0.97094 center font ',9' noenhanced front
  set arrow from screen 0.27483,0.93848 to screen 0.31055,0.93848 nohead lw 1.6 dt solid lc rgb '#0072B2'
  set label 'LLaMA' at screen 0.31848,0.93848 left font ',7' noenhanced front
  set arrow from screen 0.38771,0.93848 to screen 0.42342,0.93848 nohead lw 1.6 dt (8,2.5) lc rgb '#D55E00'
  set label 'TNL' at screen 0.43136,0.93848 left font ',7' noenhanced front
  set arrow from screen 0.48184,0.93848 to screen 0.51755,0.93848 nohead lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73'
  set label 'HGRN2' at screen 0.52549,0.93848 left font ',7' noenhanced front
  set arrow from screen 0.59930,0.93848 to screen 0.63501,0.93848 nohead lw 1.6 dt (14,2) lc rgb '#CC79A7'
  set label 'cosFormer2' at screen 0.64295,0.93848 left font ',7' noenhanced front
  set lmargin at screen 0.06786
  set rmargin at screen 0.97817
  set bmargin at screen 0.09429
  set tmargin at screen 0.90448
  set logscale x
  set xrange [1.21068418e+11:4.30466175e+14]
  set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.02796087:3.46160296]
  set ytics ('1.5' 1.5, '2.0' 2, '2.5' 2.5, '3.0' 3) font ',7' offset 0.4,0
  set label 'training compute C (6nd convention) [FLOP]' at screen 0.52302,0.03277 center font ',8' noenhanced front
  set label 'loss [nats/token]' at screen 0.01825,0.49938 center rotate by 90 font ',8' noenhanced front
  plot \
    data using (series(0)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#C7E0EE' : '#C80072B2'), \
    data using (series(1)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F6DCC7' : '#C8D55E00'), \
    data using (series(2)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#C7EAE0' : '#C8009E73'), \
    data using (series(3)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F4E2EC' : '#C8CC79A7'), \
    data using (series(4)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#0072B2', \
    data using (series(5)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#0072B2', \
    data using (series(6)):3 with lines lw 1.6 dt solid lc rgb '#0072B2', \
    data using (series(7)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#D55E00', \
    data using (series(8)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#D55E00', \
    data using (series(9)):3 with lines lw 1.6 dt (8,2.5) lc rgb '#D55E00', \
    data using (series(10)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#009E73', \
    data using (series(11)):3 with lines lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73', \
    data using (series(12)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#CC79A7', \
    data using (series(13)):3 with lines lw 1.6 dt (14,2) lc rgb '#CC79A7'
  unset multiplot
  set output
}
