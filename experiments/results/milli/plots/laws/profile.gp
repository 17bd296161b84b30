# Draws profile from its data: run `gnuplot profile.gp` in this folder.
data = 'profile.csv'
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
    set terminal svg size 672,488 font 'DejaVu Sans,8' fontscale 1.3333 linewidth 1.3333 background '#FFFFFF'
    point = 0.4444
  }
  if (kind eq 'png') {
    set terminal pngcairo size 1400,1017 font 'DejaVu Sans,8' fontscale 2.0833 linewidth 2.7778 dashlength 1.8
    point = 0.9259
  }
  set output 'profile.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'How far each parameter may move, the others fitted anew (observations as independent)' at screen 0.50000,0.97432 center font ',9' noenhanced front
  set arrow from screen 0.27483,0.94564 to screen 0.31055,0.94564 nohead lw 1.6 dt solid lc rgb '#0072B2'
  set label 'LLaMA' at screen 0.31848,0.94564 left font ',7' noenhanced front
  set arrow from screen 0.38771,0.94564 to screen 0.42342,0.94564 nohead lw 1.6 dt (8,2.5) lc rgb '#D55E00'
  set label 'TNL' at screen 0.43136,0.94564 left font ',7' noenhanced front
  set arrow from screen 0.48184,0.94564 to screen 0.51755,0.94564 nohead lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73'
  set label 'HGRN2' at screen 0.52549,0.94564 left font ',7' noenhanced front
  set arrow from screen 0.59930,0.94564 to screen 0.63501,0.94564 nohead lw 1.6 dt (14,2) lc rgb '#CC79A7'
  set label 'cosFormer2' at screen 0.64295,0.94564 left font ',7' noenhanced front
  set lmargin at screen 0.06786
  set rmargin at screen 0.35807
  set bmargin at screen 0.54385
  set tmargin at screen 0.91559
  unset logscale x
  set xrange [0.487277591:1.23553605]
  set xtics ('0.5' 0.5, '0.6' 0.6, '0.7' 0.7, '0.8' 0.8, '0.9' 0.9, '1.0' 1, '1.1' 1.1, '1.2' 1.2) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-0.130386305:3.12927132]
  set ytics ('0.0' 0, '0.5' 0.5, '1.0' 1, '1.5' 1.5, '2.0' 2, '2.5' 2.5, '3.0' 3) font ',7' offset 0.4,0
  set label 'E' at screen 0.21296,0.48948 center font ',8' noenhanced front
  set label 'rise / what 95 % allows' at screen 0.01825,0.72972 center rotate by 90 font ',8' noenhanced front
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(0)):3 with lines lw 1.6 dt solid lc rgb '#0072B2', \
    data using (series(1)):3 with lines lw 1.6 dt (8,2.5) lc rgb '#D55E00', \
    data using (series(2)):3 with lines lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73', \
    data using (series(3)):3 with lines lw 1.6 dt (14,2) lc rgb '#CC79A7'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.37791
  set rmargin at screen 0.66812
  set bmargin at screen 0.54385
  set tmargin at screen 0.91559
  set logscale x
  set xrange [4.382152:320.168462]
  set xtics ('5' 5, '' 6 1, '' 7 1, '' 8 1, '' 9 1, '10' 10, '20' 20, '' 30 1, '' 40 1, '50' 50, '' 60 1, '' 70 1, '' 80 1, '' 90 1, '100' 100, '200' 200, '' 300 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-0.130386305:3.12927132]
  set ytics ('' 0, '' 0.5, '' 1, '' 1.5, '' 2, '' 2.5, '' 3) font ',7' offset 0.4,0
  set label 'A' at screen 0.52302,0.48948 center font ',8' noenhanced front
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(4)):3 with lines lw 1.6 dt solid lc rgb '#0072B2', \
    data using (series(5)):3 with lines lw 1.6 dt (8,2.5) lc rgb '#D55E00', \
    data using (series(6)):3 with lines lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73', \
    data using (series(7)):3 with lines lw 1.6 dt (14,2) lc rgb '#CC79A7'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.68796
  set rmargin at screen 0.97817
  set bmargin at screen 0.54385
  set tmargin at screen 0.91559
  set logscale x
  set xrange [24.3496203:330506.327]
  set xtics ('' 30 1, '' 40 1, '' 50 1, '' 60 1, '' 70 1, '' 80 1, '' 90 1, '10^{2}' 100, '' 200 1, '' 300 1, '' 400 1, '' 500 1, '' 600 1, '' 700 1, '' 800 1, '' 900 1, '10^{3}' 1000, '' 2000 1, '' 3000 1, '' 4000 1, '' 5000 1, '' 6000 1, '' 7000 1, '' 8000 1, '' 9000 1, '10^{4}' 10000, '' 20000 1, '' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-0.130386305:3.12927132]
  set ytics ('' 0, '' 0.5, '' 1, '' 1.5, '' 2, '' 2.5, '' 3) font ',7' offset 0.4,0
  set label 'B' at screen 0.83307,0.48948 center font ',8' noenhanced front
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(8)):3 with lines lw 1.6 dt solid lc rgb '#0072B2', \
    data using (series(9)):3 with lines lw 1.6 dt (8,2.5) lc rgb '#D55E00', \
    data using (series(10)):3 with lines lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73', \
    data using (series(11)):3 with lines lw 1.6 dt (14,2) lc rgb '#CC79A7'
  # panel 4
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.06786
  set rmargin at screen 0.35807
  set bmargin at screen 0.08332
  set tmargin at screen 0.45506
  unset logscale x
  set xrange [0.178934449:0.539043236]
  set xtics ('0.2' 0.2, '0.3' 0.3, '0.4' 0.4, '0.5' 0.5) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-0.130386305:3.12927132]
  set ytics ('0.0' 0, '0.5' 0.5, '1.0' 1, '1.5' 1.5, '2.0' 2, '2.5' 2.5, '3.0' 3) font ',7' offset 0.4,0
  set label 'alpha' at screen 0.21296,0.02896 center font ',8' noenhanced front
  set label 'rise / what 95 % allows' at screen 0.01825,0.26919 center rotate by 90 font ',8' noenhanced front
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(12)):3 with lines lw 1.6 dt solid lc rgb '#0072B2', \
    data using (series(13)):3 with lines lw 1.6 dt (8,2.5) lc rgb '#D55E00', \
    data using (series(14)):3 with lines lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73', \
    data using (series(15)):3 with lines lw 1.6 dt (14,2) lc rgb '#CC79A7'
  # panel 5
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.37791
  set rmargin at screen 0.66812
  set bmargin at screen 0.08332
  set tmargin at screen 0.45506
  unset logscale x
  set xrange [0.251090691:0.97450636]
  set xtics ('0.3' 0.3, '0.4' 0.4, '0.5' 0.5, '0.6' 0.6, '0.7' 0.7, '0.8' 0.8, '0.9' 0.9) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-0.130386305:3.12927132]
  set ytics ('' 0, '' 0.5, '' 1, '' 1.5, '' 2, '' 2.5, '' 3) font ',7' offset 0.4,0
  set label 'beta' at screen 0.52302,0.02896 center font ',8' noenhanced front
  set arrow from graph 0,first 1 to graph 1,first 1 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(16)):3 with lines lw 1.6 dt solid lc rgb '#0072B2', \
    data using (series(17)):3 with lines lw 1.6 dt (8,2.5) lc rgb '#D55E00', \
    data using (series(18)):3 with lines lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73', \
    data using (series(19)):3 with lines lw 1.6 dt (14,2) lc rgb '#CC79A7'
  unset multiplot
  set output
}
