# Draws loss_params from its data: run `gnuplot loss_params.gp` in this folder.
data = 'loss_params.csv'
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
    set terminal svg size 672,568 font 'DejaVu Sans,8' fontscale 1.3333 linewidth 1.3333 background '#FFFFFF'
    point = 0.4444
  }
  if (kind eq 'png') {
    set terminal pngcairo size 1400,1184 font 'DejaVu Sans,8' fontscale 2.0833 linewidth 2.7778 dashlength 1.8
    point = 0.9259
  }
  set output 'loss_params.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'Against size: points measured, curves the law with 95 % bands' at screen 0.50000,0.97794 center font ',9' noenhanced front
  set lmargin at screen 0.06786
  set rmargin at screen 0.51310
  set bmargin at screen 0.51971
  set tmargin at screen 0.92185
  set logscale x
  set xrange [20021.6747:26417462.2]
  set xtics ('' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '' 10000000, '' 20000000 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.07104963:3.2085336]
  set ytics ('1.5' 1.5, '2.0' 2, '2.5' 2.5, '3.0' 3) font ',7' offset 0.4,0
  set label 'loss [nats/token]' at screen 0.01825,0.72078 center rotate by 90 font ',8' noenhanced front
  set label 'LLaMA' at screen 0.29048,0.93687 center font ',8' noenhanced front
  set label 'D = 1.7M' at screen 0.46221,0.63485 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'D = 2.9M' at screen 0.46221,0.60467 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'D = 4.6M' at screen 0.46221,0.58322 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'D = 8M' at screen 0.45555,0.56421 center textcolor rgb '#0072B2' font ',7' noenhanced front
  plot \
    data using (series(0)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#E6F1F7' : '#C88CC0DC'), \
    data using (series(3)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#DCEBF4' : '#C85EA6CE'), \
    data using (series(6)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#D1E6F1' : '#C82F8CC0'), \
    data using (series(9)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#C7E0EE' : '#C80072B2'), \
    data using (series(1)):3 with lines lw 0.8 dt solid lc rgb '#8CC0DC', \
    data using (series(2)):3 with points pt 7 ps 1.2*point lc rgb '#8CC0DC', \
    data using (series(4)):3 with lines lw 0.8 dt solid lc rgb '#5EA6CE', \
    data using (series(5)):3 with points pt 7 ps 1.2*point lc rgb '#5EA6CE', \
    data using (series(7)):3 with lines lw 0.8 dt solid lc rgb '#2F8CC0', \
    data using (series(8)):3 with points pt 7 ps 1.2*point lc rgb '#2F8CC0', \
    data using (series(10)):3 with lines lw 0.8 dt solid lc rgb '#0072B2', \
    data using (series(11)):3 with points pt 7 ps 1.2*point lc rgb '#0072B2'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.53294
  set rmargin at screen 0.97817
  set bmargin at screen 0.51971
  set tmargin at screen 0.92185
  set logscale x
  set xrange [20021.6747:26417462.2]
  set xtics ('' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '' 10000000, '' 20000000 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.07104963:3.2085336]
  set ytics ('' 1.5, '' 2, '' 2.5, '' 3) font ',7' offset 0.4,0
  set label 'TNL' at screen 0.75556,0.93687 center font ',8' noenhanced front
  set label 'D = 1.7M' at screen 0.92852,0.64354 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'D = 2.9M' at screen 0.92852,0.61049 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'D = 4.6M' at screen 0.92852,0.58639 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'D = 8M' at screen 0.92186,0.56449 center textcolor rgb '#D45D00' font ',7' noenhanced front
  plot \
    data using (series(12)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#FBEFE6' : '#C8ECB78C'), \
    data using (series(15)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F9E9DC' : '#C8E4995E'), \
    data using (series(18)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F8E2D1' : '#C8DD7C2F'), \
    data using (series(21)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F6DCC7' : '#C8D55E00'), \
    data using (series(13)):3 with lines lw 0.8 dt solid lc rgb '#ECB78C', \
    data using (series(14)):3 with points pt 7 ps 1.2*point lc rgb '#ECB78C', \
    data using (series(16)):3 with lines lw 0.8 dt solid lc rgb '#E4995E', \
    data using (series(17)):3 with points pt 7 ps 1.2*point lc rgb '#E4995E', \
    data using (series(19)):3 with lines lw 0.8 dt solid lc rgb '#DD7C2F', \
    data using (series(20)):3 with points pt 7 ps 1.2*point lc rgb '#DD7C2F', \
    data using (series(22)):3 with lines lw 0.8 dt solid lc rgb '#D55E00', \
    data using (series(23)):3 with points pt 7 ps 1.2*point lc rgb '#D55E00'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.06786
  set rmargin at screen 0.51310
  set bmargin at screen 0.07158
  set tmargin at screen 0.47372
  set logscale x
  set xrange [20021.6747:26417462.2]
  set xtics ('' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '10^{7}' 10000000, '' 20000000 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.07104963:3.2085336]
  set ytics ('1.5' 1.5, '2.0' 2, '2.5' 2.5, '3.0' 3) font ',7' offset 0.4,0
  set label 'N [parameters, without embeddings]' at screen 0.29048,0.02488 center font ',8' noenhanced front
  set label 'loss [nats/token]' at screen 0.01825,0.27265 center rotate by 90 font ',8' noenhanced front
  set label 'HGRN2' at screen 0.29048,0.48874 center font ',8' noenhanced front
  set label 'D = 1.7M' at screen 0.46219,0.16504 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'D = 2.9M' at screen 0.46219,0.13970 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'D = 4.6M' at screen 0.46219,0.12031 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'D = 8M' at screen 0.45553,0.10173 center textcolor rgb '#00926A' font ',7' noenhanced front
  plot \
    data using (series(24)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#E6F5F1' : '#C88CD3C0'), \
    data using (series(27)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#DCF2EB' : '#C85EC2A6'), \
    data using (series(30)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#D1EEE6' : '#C82FB08D'), \
    data using (series(33)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#C7EAE0' : '#C8009E73'), \
    data using (series(25)):3 with lines lw 0.8 dt solid lc rgb '#8CD3C0', \
    data using (series(26)):3 with points pt 7 ps 1.2*point lc rgb '#8CD3C0', \
    data using (series(28)):3 with lines lw 0.8 dt solid lc rgb '#5EC2A6', \
    data using (series(29)):3 with points pt 7 ps 1.2*point lc rgb '#5EC2A6', \
    data using (series(31)):3 with lines lw 0.8 dt solid lc rgb '#2FB08D', \
    data using (series(32)):3 with points pt 7 ps 1.2*point lc rgb '#2FB08D', \
    data using (series(34)):3 with lines lw 0.8 dt solid lc rgb '#009E73', \
    data using (series(35)):3 with points pt 7 ps 1.2*point lc rgb '#009E73'
  # panel 4
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.53294
  set rmargin at screen 0.97817
  set bmargin at screen 0.07158
  set tmargin at screen 0.47372
  set logscale x
  set xrange [20021.6747:26417462.2]
  set xtics ('' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '10^{7}' 10000000, '' 20000000 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.07104963:3.2085336]
  set ytics ('' 1.5, '' 2, '' 2.5, '' 3) font ',7' offset 0.4,0
  set label 'N [parameters, without embeddings]' at screen 0.75556,0.02488 center font ',8' noenhanced front
  set label 'cosFormer2' at screen 0.75556,0.48874 center font ',8' noenhanced front
  set label 'D = 1.7M' at screen 0.92860,0.22012 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'D = 2.9M' at screen 0.92860,0.18464 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'D = 4.6M' at screen 0.92860,0.16108 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'D = 8M' at screen 0.92193,0.14168 center textcolor rgb '#B26A92' font ',7' noenhanced front
  plot \
    data using (series(36)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#FAF2F6' : '#C8E8C3D7'), \
    data using (series(39)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F8ECF3' : '#C8DFAAC7'), \
    data using (series(42)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F6E7EF' : '#C8D592B7'), \
    data using (series(45)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F4E2EC' : '#C8CC79A7'), \
    data using (series(37)):3 with lines lw 0.8 dt solid lc rgb '#E8C3D7', \
    data using (series(38)):3 with points pt 7 ps 1.2*point lc rgb '#E8C3D7', \
    data using (series(40)):3 with lines lw 0.8 dt solid lc rgb '#DFAAC7', \
    data using (series(41)):3 with points pt 7 ps 1.2*point lc rgb '#DFAAC7', \
    data using (series(43)):3 with lines lw 0.8 dt solid lc rgb '#D592B7', \
    data using (series(44)):3 with points pt 7 ps 1.2*point lc rgb '#D592B7', \
    data using (series(46)):3 with lines lw 0.8 dt solid lc rgb '#CC79A7', \
    data using (series(47)):3 with points pt 7 ps 1.2*point lc rgb '#CC79A7'
  unset multiplot
  set output
}
