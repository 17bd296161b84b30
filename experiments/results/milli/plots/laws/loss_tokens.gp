# Draws loss_tokens from its data: run `gnuplot loss_tokens.gp` in this folder.
data = 'loss_tokens.csv'
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
  set output 'loss_tokens.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'Against data: points measured, curves the law with 95 % bands' at screen 0.50000,0.97794 center font ',9' noenhanced front
  set lmargin at screen 0.06786
  set rmargin at screen 0.51310
  set bmargin at screen 0.51971
  set tmargin at screen 0.92185
  set logscale x
  set xrange [915545.963:13603752.7]
  set xtics ('' 1000000, '' 2000000, '' 3000000, '' 4000000 1, '' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.06788049:3.44503209]
  set ytics ('1.5' 1.5, '2.0' 2, '2.5' 2.5, '3.0' 3) font ',7' offset 0.4,0
  set label 'loss [nats/token]' at screen 0.01825,0.72078 center rotate by 90 font ',8' noenhanced front
  set label 'LLaMA' at screen 0.29048,0.93687 center font ',8' noenhanced front
  set label 'N = 27k' at screen 0.45894,0.66490 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'N = 100k' at screen 0.46338,0.62730 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'N = 330k' at screen 0.46338,0.60155 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.46537,0.57517 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set arrow from screen 0.42558,0.58339 to screen 0.43748,0.57517 nohead lw 0.4 lc rgb '#0072B2'
  set label 'N = 2.7M' at screen 0.47203,0.55464 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set arrow from screen 0.42558,0.57107 to screen 0.43748,0.55464 nohead lw 0.4 lc rgb '#0072B2'
  set label 'N = 6.3M' at screen 0.37714,0.54720 center textcolor rgb '#0072B2' font ',7' noenhanced front
  plot \
    data using (series(0)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#E6F1F7' : '#C88CC0DC'), \
    data using (series(3)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#E0EEF6' : '#C870B0D4'), \
    data using (series(6)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#D9EAF4' : '#C854A1CB'), \
    data using (series(9)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#D3E7F2' : '#C83891C3'), \
    data using (series(12)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#CDE4F0' : '#C81C82BA'), \
    data using (series(15)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#C7E0EE' : '#C80072B2'), \
    data using (series(1)):3 with lines lw 0.8 dt solid lc rgb '#8CC0DC', \
    data using (series(2)):3 with points pt 7 ps 1.2*point lc rgb '#8CC0DC', \
    data using (series(4)):3 with lines lw 0.8 dt solid lc rgb '#70B0D4', \
    data using (series(5)):3 with points pt 7 ps 1.2*point lc rgb '#70B0D4', \
    data using (series(7)):3 with lines lw 0.8 dt solid lc rgb '#54A1CB', \
    data using (series(8)):3 with points pt 7 ps 1.2*point lc rgb '#54A1CB', \
    data using (series(10)):3 with lines lw 0.8 dt solid lc rgb '#3891C3', \
    data using (series(11)):3 with points pt 7 ps 1.2*point lc rgb '#3891C3', \
    data using (series(13)):3 with lines lw 0.8 dt solid lc rgb '#1C82BA', \
    data using (series(14)):3 with points pt 7 ps 1.2*point lc rgb '#1C82BA', \
    data using (series(16)):3 with lines lw 0.8 dt solid lc rgb '#0072B2', \
    data using (series(17)):3 with points pt 7 ps 1.2*point lc rgb '#0072B2'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.53294
  set rmargin at screen 0.97817
  set bmargin at screen 0.51971
  set tmargin at screen 0.92185
  set logscale x
  set xrange [915545.963:13603752.7]
  set xtics ('' 1000000, '' 2000000, '' 3000000, '' 4000000 1, '' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.06788049:3.44503209]
  set ytics ('' 1.5, '' 2, '' 2.5, '' 3) font ',7' offset 0.4,0
  set label 'TNL' at screen 0.75556,0.93687 center font ',8' noenhanced front
  set label 'N = 31k' at screen 0.92402,0.78595 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 110k' at screen 0.92846,0.69453 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 350k' at screen 0.92846,0.63518 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.92152,0.59795 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 2.7M' at screen 0.92818,0.57607 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 6.5M' at screen 0.89065,0.54859 center textcolor rgb '#D45D00' font ',7' noenhanced front
  plot \
    data using (series(18)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#FBEFE6' : '#C8ECB78C'), \
    data using (series(21)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#FAEBE0' : '#C8E7A570'), \
    data using (series(24)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F9E7D9' : '#C8E39354'), \
    data using (series(27)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F8E3D3' : '#C8DE8138'), \
    data using (series(30)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F7E0CD' : '#C8DA701C'), \
    data using (series(33)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F6DCC7' : '#C8D55E00'), \
    data using (series(19)):3 with lines lw 0.8 dt solid lc rgb '#ECB78C', \
    data using (series(20)):3 with points pt 7 ps 1.2*point lc rgb '#ECB78C', \
    data using (series(22)):3 with lines lw 0.8 dt solid lc rgb '#E7A570', \
    data using (series(23)):3 with points pt 7 ps 1.2*point lc rgb '#E7A570', \
    data using (series(25)):3 with lines lw 0.8 dt solid lc rgb '#E39354', \
    data using (series(26)):3 with points pt 7 ps 1.2*point lc rgb '#E39354', \
    data using (series(28)):3 with lines lw 0.8 dt solid lc rgb '#DE8138', \
    data using (series(29)):3 with points pt 7 ps 1.2*point lc rgb '#DE8138', \
    data using (series(31)):3 with lines lw 0.8 dt solid lc rgb '#DA701C', \
    data using (series(32)):3 with points pt 7 ps 1.2*point lc rgb '#DA701C', \
    data using (series(34)):3 with lines lw 0.8 dt solid lc rgb '#D55E00', \
    data using (series(35)):3 with points pt 7 ps 1.2*point lc rgb '#D55E00'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.06786
  set rmargin at screen 0.51310
  set bmargin at screen 0.07158
  set tmargin at screen 0.47372
  set logscale x
  set xrange [915545.963:13603752.7]
  set xtics ('10^{6}' 1000000, '2×10^{6}' 2000000, '3×10^{6}' 3000000, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '10^{7}' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.06788049:3.44503209]
  set ytics ('1.5' 1.5, '2.0' 2, '2.5' 2.5, '3.0' 3) font ',7' offset 0.4,0
  set label 'D [training tokens]' at screen 0.29048,0.02488 center font ',8' noenhanced front
  set label 'loss [nats/token]' at screen 0.01825,0.27265 center rotate by 90 font ',8' noenhanced front
  set label 'HGRN2' at screen 0.29048,0.48874 center font ',8' noenhanced front
  set label 'N = 27k' at screen 0.45894,0.21877 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 100k' at screen 0.46338,0.18050 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 330k' at screen 0.46338,0.15177 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.45644,0.12959 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 2.7M' at screen 0.47203,0.10503 center textcolor rgb '#00926A' font ',7' noenhanced front
  set arrow from screen 0.42558,0.11324 to screen 0.43748,0.10503 nohead lw 0.4 lc rgb '#00926A'
  set label 'N = 6.3M' at screen 0.37912,0.08800 center textcolor rgb '#00926A' font ',7' noenhanced front
  plot \
    data using (series(36)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#E6F5F1' : '#C88CD3C0'), \
    data using (series(39)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#E0F3EE' : '#C870C9B1'), \
    data using (series(42)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#D9F1EA' : '#C854BEA1'), \
    data using (series(45)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#D3EEE7' : '#C838B392'), \
    data using (series(48)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#CDECE4' : '#C81CA982'), \
    data using (series(51)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#C7EAE0' : '#C8009E73'), \
    data using (series(37)):3 with lines lw 0.8 dt solid lc rgb '#8CD3C0', \
    data using (series(38)):3 with points pt 7 ps 1.2*point lc rgb '#8CD3C0', \
    data using (series(40)):3 with lines lw 0.8 dt solid lc rgb '#70C9B1', \
    data using (series(41)):3 with points pt 7 ps 1.2*point lc rgb '#70C9B1', \
    data using (series(43)):3 with lines lw 0.8 dt solid lc rgb '#54BEA1', \
    data using (series(44)):3 with points pt 7 ps 1.2*point lc rgb '#54BEA1', \
    data using (series(46)):3 with lines lw 0.8 dt solid lc rgb '#38B392', \
    data using (series(47)):3 with points pt 7 ps 1.2*point lc rgb '#38B392', \
    data using (series(49)):3 with lines lw 0.8 dt solid lc rgb '#1CA982', \
    data using (series(50)):3 with points pt 7 ps 1.2*point lc rgb '#1CA982', \
    data using (series(52)):3 with lines lw 0.8 dt solid lc rgb '#009E73', \
    data using (series(53)):3 with points pt 7 ps 1.2*point lc rgb '#009E73'
  # panel 4
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.53294
  set rmargin at screen 0.97817
  set bmargin at screen 0.07158
  set tmargin at screen 0.47372
  set logscale x
  set xrange [915545.963:13603752.7]
  set xtics ('10^{6}' 1000000, '2×10^{6}' 2000000, '3×10^{6}' 3000000, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '10^{7}' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.06788049:3.44503209]
  set ytics ('' 1.5, '' 2, '' 2.5, '' 3) font ',7' offset 0.4,0
  set label 'D [training tokens]' at screen 0.75556,0.02488 center font ',8' noenhanced front
  set label 'cosFormer2' at screen 0.75556,0.48874 center font ',8' noenhanced front
  set label 'N = 32k' at screen 0.92402,0.22912 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'N = 110k' at screen 0.92846,0.18951 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'N = 350k' at screen 0.92846,0.16580 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.93045,0.14333 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set arrow from screen 0.89065,0.15154 to screen 0.90256,0.14333 nohead lw 0.4 lc rgb '#B26A92'
  set label 'N = 2.7M' at screen 0.93711,0.11866 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set arrow from screen 0.89065,0.14330 to screen 0.90256,0.11866 nohead lw 0.4 lc rgb '#B26A92'
  set label 'N = 6.5M' at screen 0.74510,0.14346 center textcolor rgb '#B26A92' font ',7' noenhanced front
  plot \
    data using (series(54)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#FAF2F6' : '#C8E8C3D7'), \
    data using (series(57)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F9EFF4' : '#C8E2B4CE'), \
    data using (series(60)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F8EBF2' : '#C8DDA5C4'), \
    data using (series(63)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F6E8F0' : '#C8D796BA'), \
    data using (series(66)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F5E5EE' : '#C8D288B1'), \
    data using (series(69)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F4E2EC' : '#C8CC79A7'), \
    data using (series(55)):3 with lines lw 0.8 dt solid lc rgb '#E8C3D7', \
    data using (series(56)):3 with points pt 7 ps 1.2*point lc rgb '#E8C3D7', \
    data using (series(58)):3 with lines lw 0.8 dt solid lc rgb '#E2B4CE', \
    data using (series(59)):3 with points pt 7 ps 1.2*point lc rgb '#E2B4CE', \
    data using (series(61)):3 with lines lw 0.8 dt solid lc rgb '#DDA5C4', \
    data using (series(62)):3 with points pt 7 ps 1.2*point lc rgb '#DDA5C4', \
    data using (series(64)):3 with lines lw 0.8 dt solid lc rgb '#D796BA', \
    data using (series(65)):3 with points pt 7 ps 1.2*point lc rgb '#D796BA', \
    data using (series(67)):3 with lines lw 0.8 dt solid lc rgb '#D288B1', \
    data using (series(68)):3 with points pt 7 ps 1.2*point lc rgb '#D288B1', \
    data using (series(70)):3 with lines lw 0.8 dt solid lc rgb '#CC79A7', \
    data using (series(71)):3 with points pt 7 ps 1.2*point lc rgb '#CC79A7'
  unset multiplot
  set output
}
