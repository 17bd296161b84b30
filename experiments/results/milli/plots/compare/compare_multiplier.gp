# Draws compare_multiplier from its data: run `gnuplot compare_multiplier.gp` in this folder.
data = 'compare_multiplier.csv'
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
  set output 'compare_multiplier.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'C for the same loss, over that of LLaMA' at screen 0.50000,0.97094 center font ',9' noenhanced front
  set arrow from screen 0.33127,0.93848 to screen 0.36698,0.93848 nohead lw 1.6 dt (8,2.5) lc rgb '#D55E00'
  set label 'TNL' at screen 0.37492,0.93848 left font ',7' noenhanced front
  set arrow from screen 0.42540,0.93848 to screen 0.46111,0.93848 nohead lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73'
  set label 'HGRN2' at screen 0.46905,0.93848 left font ',7' noenhanced front
  set arrow from screen 0.54286,0.93848 to screen 0.57857,0.93848 nohead lw 1.6 dt (14,2) lc rgb '#CC79A7'
  set label 'cosFormer2' at screen 0.58651,0.93848 left font ',7' noenhanced front
  set lmargin at screen 0.06786
  set rmargin at screen 0.97817
  set bmargin at screen 0.09429
  set tmargin at screen 0.90448
  unset logscale x
  set xrange [1.25826087:1.70173913]
  set xtics ('1.30' 1.3, '1.35' 1.35, '1.40' 1.4, '1.45' 1.45, '1.50' 1.5, '1.55' 1.55, '1.60' 1.6, '1.65' 1.65, '' 1.7 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [0.45187239:15.4697472]
  set ytics ('0.5' 0.5, '' 0.6 1, '' 0.7 1, '' 0.8 1, '' 0.9 1, '1' 1, '2' 2, '3' 3, '' 4 1, '5' 5, '' 6 1, '' 7 1, '' 8 1, '' 9 1, '10' 10) font ',7' offset 0.4,0
  set label 'loss [nats/token]' at screen 0.52302,0.03277 center font ',8' noenhanced front
  set label 'C over that of LLaMA' at screen 0.01825,0.49938 center rotate by 90 font ',8' noenhanced front
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(0)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F6DCC7' : '#C8D55E00'), \
    data using (series(1)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#C7EAE0' : '#C8009E73'), \
    data using (series(2)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F4E2EC' : '#C8CC79A7'), \
    data using (series(3)):3 with lines lw 1.6 dt (8,2.5) lc rgb '#D55E00', \
    data using (series(4)):3 with points pt 5 ps 1.2*point lc rgb '#D55E00', \
    data using (series(5)):3 with lines lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73', \
    data using (series(6)):3 with points pt 9 ps 1.2*point lc rgb '#009E73', \
    data using (series(7)):3 with lines lw 1.6 dt (14,2) lc rgb '#CC79A7', \
    data using (series(8)):3 with points pt 13 ps 1.2*point lc rgb '#CC79A7'
  unset multiplot
  set output
}
