# Draws lr_tokens from its data: run `gnuplot lr_tokens.gp` in this folder.
data = 'lr_tokens.csv'
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
  set output 'lr_tokens.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'Against data: points measured, curves the law' at screen 0.50000,0.97794 center font ',9' noenhanced front
  set lmargin at screen 0.09230
  set rmargin at screen 0.52532
  set bmargin at screen 0.51971
  set tmargin at screen 0.92185
  set logscale x
  set xrange [370824.812:7310585.48]
  set xtics ('' 400000 1, '' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000, '' 3000000, '' 4000000 1, '' 5000000, '' 6000000 1, '' 7000000 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [0.000479845857:0.0193234331]
  set ytics ('5×10^{-4}' 0.0005, '' 0.0006 1, '' 0.0007 1, '' 0.0008 1, '' 0.0009 1, '10^{-3}' 0.001, '2×10^{-3}' 0.002, '3×10^{-3}' 0.003, '' 0.004 1, '5×10^{-3}' 0.005, '' 0.006 1, '' 0.007 1, '' 0.008 1, '' 0.009 1, '10^{-2}' 0.01) font ',7' offset 0.4,0
  set label 'best learning rate' at screen 0.01825,0.72078 center rotate by 90 font ',8' noenhanced front
  set label 'LLaMA' at screen 0.30881,0.93687 center font ',8' noenhanced front
  set label 'N = 27k' at screen 0.47116,0.78308 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'N = 100k' at screen 0.47561,0.72013 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'N = 330k' at screen 0.47561,0.66333 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.46866,0.61074 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'N = 2.7M' at screen 0.47533,0.56452 center textcolor rgb '#0072B2' font ',7' noenhanced front
  plot \
    data using (series(0)):3 with lines lw 0.8 dt solid lc rgb '#8CC0DC', \
    data using (series(1)):3 with points pt 7 ps 1.2*point lc rgb '#8CC0DC', \
    data using (series(2)):3 with lines lw 0.8 dt solid lc rgb '#69ACD2', \
    data using (series(3)):3 with points pt 7 ps 1.2*point lc rgb '#69ACD2', \
    data using (series(4)):3 with lines lw 0.8 dt solid lc rgb '#4699C7', \
    data using (series(5)):3 with points pt 7 ps 1.2*point lc rgb '#4699C7', \
    data using (series(6)):3 with lines lw 0.8 dt solid lc rgb '#2385BD', \
    data using (series(7)):3 with points pt 7 ps 1.2*point lc rgb '#2385BD', \
    data using (series(8)):3 with lines lw 0.8 dt solid lc rgb '#0072B2', \
    data using (series(9)):3 with points pt 7 ps 1.2*point lc rgb '#0072B2'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.54516
  set rmargin at screen 0.97817
  set bmargin at screen 0.51971
  set tmargin at screen 0.92185
  set logscale x
  set xrange [370824.812:7310585.48]
  set xtics ('' 400000 1, '' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000, '' 3000000, '' 4000000 1, '' 5000000, '' 6000000 1, '' 7000000 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [0.000479845857:0.0193234331]
  set ytics ('' 0.0005, '' 0.0006 1, '' 0.0007 1, '' 0.0008 1, '' 0.0009 1, '' 0.001, '' 0.002, '' 0.003, '' 0.004 1, '' 0.005, '' 0.006 1, '' 0.007 1, '' 0.008 1, '' 0.009 1, '' 0.01) font ',7' offset 0.4,0
  set label 'TNL' at screen 0.76167,0.93687 center font ',8' noenhanced front
  set label 'N = 31k' at screen 0.92402,0.75580 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 110k' at screen 0.92846,0.69578 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 350k' at screen 0.92846,0.64009 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.92152,0.58814 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 2.7M' at screen 0.92818,0.54249 center textcolor rgb '#D45D00' font ',7' noenhanced front
  plot \
    data using (series(10)):3 with lines lw 0.8 dt solid lc rgb '#ECB78C', \
    data using (series(11)):3 with points pt 7 ps 1.2*point lc rgb '#ECB78C', \
    data using (series(12)):3 with lines lw 0.8 dt solid lc rgb '#E6A069', \
    data using (series(13)):3 with points pt 7 ps 1.2*point lc rgb '#E6A069', \
    data using (series(14)):3 with lines lw 0.8 dt solid lc rgb '#E18A46', \
    data using (series(15)):3 with points pt 7 ps 1.2*point lc rgb '#E18A46', \
    data using (series(16)):3 with lines lw 0.8 dt solid lc rgb '#DB7423', \
    data using (series(17)):3 with points pt 7 ps 1.2*point lc rgb '#DB7423', \
    data using (series(18)):3 with lines lw 0.8 dt solid lc rgb '#D55E00', \
    data using (series(19)):3 with points pt 7 ps 1.2*point lc rgb '#D55E00'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.09230
  set rmargin at screen 0.52532
  set bmargin at screen 0.07158
  set tmargin at screen 0.47372
  set logscale x
  set xrange [370824.812:7310585.48]
  set xtics ('' 400000 1, '5×10^{5}' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '2×10^{6}' 2000000, '3×10^{6}' 3000000, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1, '' 7000000 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [0.000479845857:0.0193234331]
  set ytics ('5×10^{-4}' 0.0005, '' 0.0006 1, '' 0.0007 1, '' 0.0008 1, '' 0.0009 1, '10^{-3}' 0.001, '2×10^{-3}' 0.002, '3×10^{-3}' 0.003, '' 0.004 1, '5×10^{-3}' 0.005, '' 0.006 1, '' 0.007 1, '' 0.008 1, '' 0.009 1, '10^{-2}' 0.01) font ',7' offset 0.4,0
  set label 'D [training tokens]' at screen 0.30881,0.02488 center font ',8' noenhanced front
  set label 'best learning rate' at screen 0.01825,0.27265 center rotate by 90 font ',8' noenhanced front
  set label 'HGRN2' at screen 0.30881,0.48874 center font ',8' noenhanced front
  set label 'N = 27k' at screen 0.47116,0.30637 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 100k' at screen 0.47561,0.24334 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 330k' at screen 0.47561,0.18651 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.46866,0.13390 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 2.7M' at screen 0.47533,0.08766 center textcolor rgb '#00926A' font ',7' noenhanced front
  plot \
    data using (series(20)):3 with lines lw 0.8 dt solid lc rgb '#8CD3C0', \
    data using (series(21)):3 with points pt 7 ps 1.2*point lc rgb '#8CD3C0', \
    data using (series(22)):3 with lines lw 0.8 dt solid lc rgb '#69C6AD', \
    data using (series(23)):3 with points pt 7 ps 1.2*point lc rgb '#69C6AD', \
    data using (series(24)):3 with lines lw 0.8 dt solid lc rgb '#46B99A', \
    data using (series(25)):3 with points pt 7 ps 1.2*point lc rgb '#46B99A', \
    data using (series(26)):3 with lines lw 0.8 dt solid lc rgb '#23AB86', \
    data using (series(27)):3 with points pt 7 ps 1.2*point lc rgb '#23AB86', \
    data using (series(28)):3 with lines lw 0.8 dt solid lc rgb '#009E73', \
    data using (series(29)):3 with points pt 7 ps 1.2*point lc rgb '#009E73'
  # panel 4
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.54516
  set rmargin at screen 0.97817
  set bmargin at screen 0.07158
  set tmargin at screen 0.47372
  set logscale x
  set xrange [370824.812:7310585.48]
  set xtics ('' 400000 1, '5×10^{5}' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '2×10^{6}' 2000000, '3×10^{6}' 3000000, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1, '' 7000000 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [0.000479845857:0.0193234331]
  set ytics ('' 0.0005, '' 0.0006 1, '' 0.0007 1, '' 0.0008 1, '' 0.0009 1, '' 0.001, '' 0.002, '' 0.003, '' 0.004 1, '' 0.005, '' 0.006 1, '' 0.007 1, '' 0.008 1, '' 0.009 1, '' 0.01) font ',7' offset 0.4,0
  set label 'D [training tokens]' at screen 0.76167,0.02488 center font ',8' noenhanced front
  set label 'cosFormer2' at screen 0.76167,0.48874 center font ',8' noenhanced front
  set label 'N = 32k' at screen 0.92402,0.35668 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'N = 110k' at screen 0.92846,0.29734 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'N = 350k' at screen 0.92846,0.24212 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.92152,0.19039 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'N = 2.7M' at screen 0.92818,0.14483 center textcolor rgb '#B26A92' font ',7' noenhanced front
  plot \
    data using (series(30)):3 with lines lw 0.8 dt solid lc rgb '#E8C3D7', \
    data using (series(31)):3 with points pt 7 ps 1.2*point lc rgb '#E8C3D7', \
    data using (series(32)):3 with lines lw 0.8 dt solid lc rgb '#E1B0CB', \
    data using (series(33)):3 with points pt 7 ps 1.2*point lc rgb '#E1B0CB', \
    data using (series(34)):3 with lines lw 0.8 dt solid lc rgb '#DA9EBF', \
    data using (series(35)):3 with points pt 7 ps 1.2*point lc rgb '#DA9EBF', \
    data using (series(36)):3 with lines lw 0.8 dt solid lc rgb '#D38BB3', \
    data using (series(37)):3 with points pt 7 ps 1.2*point lc rgb '#D38BB3', \
    data using (series(38)):3 with lines lw 0.8 dt solid lc rgb '#CC79A7', \
    data using (series(39)):3 with points pt 7 ps 1.2*point lc rgb '#CC79A7'
  unset multiplot
  set output
}
