# Draws equal_time from its data: run `gnuplot equal_time.gp` in this folder.
data = 'equal_time.csv'
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
  set output 'equal_time.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'Equal time, equal compute, equal data: runs thin, each group''s best thick' at screen 0.50000,0.95478 center font ',9' noenhanced front
  set arrow from screen 0.27483,0.90427 to screen 0.31055,0.90427 nohead lw 1.6 dt solid lc rgb '#0072B2'
  set label 'LLaMA' at screen 0.31848,0.90427 left font ',7' noenhanced front
  set arrow from screen 0.38771,0.90427 to screen 0.42342,0.90427 nohead lw 1.6 dt (8,2.5) lc rgb '#D55E00'
  set label 'TNL' at screen 0.43136,0.90427 left font ',7' noenhanced front
  set arrow from screen 0.48184,0.90427 to screen 0.51755,0.90427 nohead lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73'
  set label 'HGRN2' at screen 0.52549,0.90427 left font ',7' noenhanced front
  set arrow from screen 0.59930,0.90427 to screen 0.63501,0.90427 nohead lw 1.6 dt (14,2) lc rgb '#CC79A7'
  set label 'cosFormer2' at screen 0.64295,0.90427 left font ',7' noenhanced front
  set lmargin at screen 0.06786
  set rmargin at screen 0.35807
  set bmargin at screen 0.19675
  set tmargin at screen 0.85136
  set logscale x
  set xrange [0.3339292:2145.9717]
  set xtics ('' 0.4 1, '' 0.5 1, '' 0.6 1, '' 0.7 1, '' 0.8 1, '' 0.9 1, '1' 1, '' 2 1, '' 3 1, '' 4 1, '' 5 1, '' 6 1, '' 7 1, '' 8 1, '' 9 1, '10' 10, '' 20 1, '' 30 1, '' 40 1, '' 50 1, '' 60 1, '' 70 1, '' 80 1, '' 90 1, '100' 100, '' 200 1, '' 300 1, '' 400 1, '' 500 1, '' 600 1, '' 700 1, '' 800 1, '' 900 1, '1000' 1000, '' 2000 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.11247495:3.05460946]
  set ytics ('1.5' 1.5, '2.0' 2, '2.5' 2.5, '3.0' 3) font ',7' offset 0.4,0
  set label 'training time [core-seconds]' at screen 0.21296,0.10102 center font ',8' noenhanced front
  set label 'loss [nats/token]' at screen 0.01825,0.52405 center rotate by 90 font ',8' noenhanced front
  plot \
    data using (series(0)):3 with lines lw 0.5 dt solid lc rgb '#80B9D9', \
    data using (series(1)):3 with lines lw 0.5 dt solid lc rgb '#EAAF80', \
    data using (series(2)):3 with lines lw 0.5 dt solid lc rgb '#80CFB9', \
    data using (series(3)):3 with lines lw 0.5 dt solid lc rgb '#E6BCD3', \
    data using (series(4)):3 with lines lw 1.6 dt solid lc rgb '#0072B2', \
    data using (series(5)):3 with lines lw 1.6 dt (8,2.5) lc rgb '#D55E00', \
    data using (series(6)):3 with lines lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73', \
    data using (series(7)):3 with lines lw 1.6 dt (14,2) lc rgb '#CC79A7'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.37791
  set rmargin at screen 0.66812
  set bmargin at screen 0.19675
  set tmargin at screen 0.85136
  set logscale x
  set xrange [3.40985369e+10:5.9590438e+14]
  set xtics ('' 4e+10 1, '' 5e+10 1, '' 6e+10 1, '' 7e+10 1, '' 8e+10 1, '' 9e+10 1, '10^{11}' 1e+11, '' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.11247495:3.05460946]
  set ytics ('' 1.5, '' 2, '' 2.5, '' 3) font ',7' offset 0.4,0
  set label 'training compute C (paper' at screen 0.52302,0.10102 center font ',8' noenhanced front
  set label 'convention) [FLOP]' at screen 0.52302,0.05099 center font ',8' noenhanced front
  plot \
    data using (series(8)):3 with lines lw 0.5 dt solid lc rgb '#80B9D9', \
    data using (series(9)):3 with lines lw 0.5 dt solid lc rgb '#EAAF80', \
    data using (series(10)):3 with lines lw 0.5 dt solid lc rgb '#80CFB9', \
    data using (series(11)):3 with lines lw 0.5 dt solid lc rgb '#E6BCD3', \
    data using (series(12)):3 with lines lw 1.6 dt solid lc rgb '#0072B2', \
    data using (series(13)):3 with lines lw 1.6 dt (8,2.5) lc rgb '#D55E00', \
    data using (series(14)):3 with lines lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73', \
    data using (series(15)):3 with lines lw 1.6 dt (14,2) lc rgb '#CC79A7'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.68796
  set rmargin at screen 0.97817
  set bmargin at screen 0.19675
  set tmargin at screen 0.85136
  set logscale x
  set xrange [218573.766:9299039.88]
  set xtics ('' 300000 1, '' 400000 1, '5×10^{5}' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '2×10^{6}' 2000000, '' 3000000 1, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.11247495:3.05460946]
  set ytics ('' 1.5, '' 2, '' 2.5, '' 3) font ',7' offset 0.4,0
  set label 'D [training tokens]' at screen 0.83307,0.10102 center font ',8' noenhanced front
  plot \
    data using (series(16)):3 with lines lw 0.5 dt solid lc rgb '#80B9D9', \
    data using (series(17)):3 with lines lw 0.5 dt solid lc rgb '#EAAF80', \
    data using (series(18)):3 with lines lw 0.5 dt solid lc rgb '#80CFB9', \
    data using (series(19)):3 with lines lw 0.5 dt solid lc rgb '#E6BCD3', \
    data using (series(20)):3 with lines lw 1.6 dt solid lc rgb '#0072B2', \
    data using (series(21)):3 with lines lw 1.6 dt (8,2.5) lc rgb '#D55E00', \
    data using (series(22)):3 with lines lw 1.6 dt (7,2,1.5,2) lc rgb '#009E73', \
    data using (series(23)):3 with lines lw 1.6 dt (14,2) lc rgb '#CC79A7'
  unset multiplot
  set output
}
