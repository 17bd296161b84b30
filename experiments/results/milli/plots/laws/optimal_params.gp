# Draws optimal_params from its data: run `gnuplot optimal_params.gp` in this folder.
data = 'optimal_params.csv'
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
    set terminal svg size 672,583 font 'DejaVu Sans,8' fontscale 1.3333 linewidth 1.3333 background '#FFFFFF'
    point = 0.4444
  }
  if (kind eq 'png') {
    set terminal pngcairo size 1400,1215 font 'DejaVu Sans,8' fontscale 2.0833 linewidth 2.7778 dashlength 1.8
    point = 0.9259
  }
  set output 'optimal_params.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'Best size for a compute budget' at screen 0.50000,0.97851 center font ',9' noenhanced front
  set label '' at screen 0.12352,0.95450 point pt 7 ps 1.7*point lc rgb '#222222'
  set label 'vertices of the isoFLOP parabolas' at screen 0.14932,0.95450 left font ',7' noenhanced front
  set arrow from screen 0.40521,0.95450 to screen 0.44092,0.95450 nohead lw 1.6 dt solid lc rgb '#8A8A8A'
  set label 'best N by the law' at screen 0.44886,0.95450 left font ',7' noenhanced front
  set object rectangle from screen 0.59434,0.94878 to screen 0.63005,0.96021 fs solid noborder fc rgb (kind eq 'eps' ? '#E5E5E5' : '#C88A8A8A')
  set label '95 % band' at screen 0.63799,0.95450 left font ',7' noenhanced front
  set arrow from screen 0.73638,0.95450 to screen 0.77209,0.95450 nohead lw 1.2 dt (1,1.6) lc rgb '#8A8A8A'
  set label 'beyond the data' at screen 0.78003,0.95450 left font ',7' noenhanced front
  set lmargin at screen 0.07052
  set rmargin at screen 0.51443
  set bmargin at screen 0.50640
  set tmargin at screen 0.89824
  set logscale x
  set xrange [1.49747656e+11:5.60274124e+14]
  set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [3874.83675:9682710.4]
  set ytics ('' 4000 1, '' 5000 1, '' 6000 1, '' 7000 1, '' 8000 1, '' 9000 1, '10^{4}' 10000, '' 20000 1, '' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1) font ',7' offset 0.4,0
  set label 'best N [parameters]' at screen 0.01825,0.70232 center rotate by 90 font ',8' noenhanced front
  set label 'LLaMA' at screen 0.29248,0.91288 center font ',8' noenhanced front
  plot \
    data using (series(0)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#C7E0EE' : '#C80072B2'), \
    data using (series(1)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#0072B2', \
    data using (series(2)):3 with lines lw 1.6 dt solid lc rgb '#0072B2', \
    data using (series(3)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#0072B2', \
    data using (series(4)):3 with points pt 7 ps 1.2*point lc rgb '#222222'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.53427
  set rmargin at screen 0.97817
  set bmargin at screen 0.50640
  set tmargin at screen 0.89824
  set logscale x
  set xrange [1.49747656e+11:5.60274124e+14]
  set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [3874.83675:9682710.4]
  set ytics ('' 4000 1, '' 5000 1, '' 6000 1, '' 7000 1, '' 8000 1, '' 9000 1, '' 10000, '' 20000 1, '' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1) font ',7' offset 0.4,0
  set label 'TNL' at screen 0.75622,0.91288 center font ',8' noenhanced front
  plot \
    data using (series(8)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F6DCC7' : '#C8D55E00'), \
    data using (series(9)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#D55E00', \
    data using (series(10)):3 with lines lw 1.6 dt solid lc rgb '#D55E00', \
    data using (series(11)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#D55E00', \
    data using (series(12)):3 with points pt 7 ps 1.2*point lc rgb '#222222'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.07052
  set rmargin at screen 0.51443
  set bmargin at screen 0.06974
  set tmargin at screen 0.46158
  set logscale x
  set xrange [1.49747656e+11:5.60274124e+14]
  set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [3874.83675:9682710.4]
  set ytics ('' 4000 1, '' 5000 1, '' 6000 1, '' 7000 1, '' 8000 1, '' 9000 1, '10^{4}' 10000, '' 20000 1, '' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1) font ',7' offset 0.4,0
  set label 'training compute C (paper convention) [FLOP]' at screen 0.29248,0.02424 center font ',8' noenhanced front
  set label 'best N [parameters]' at screen 0.01825,0.26566 center rotate by 90 font ',8' noenhanced front
  set label 'HGRN2' at screen 0.29248,0.47622 center font ',8' noenhanced front
  plot \
    data using (series(13)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#C7EAE0' : '#C8009E73'), \
    data using (series(14)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#009E73', \
    data using (series(15)):3 with lines lw 1.6 dt solid lc rgb '#009E73', \
    data using (series(16)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#009E73'
  # panel 4
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.53427
  set rmargin at screen 0.97817
  set bmargin at screen 0.06974
  set tmargin at screen 0.46158
  set logscale x
  set xrange [1.49747656e+11:5.60274124e+14]
  set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1) font ',7' offset 0,0.3
  set logscale y
  set yrange [3874.83675:9682710.4]
  set ytics ('' 4000 1, '' 5000 1, '' 6000 1, '' 7000 1, '' 8000 1, '' 9000 1, '' 10000, '' 20000 1, '' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1) font ',7' offset 0.4,0
  set label 'training compute C (paper convention) [FLOP]' at screen 0.75622,0.02424 center font ',8' noenhanced front
  set label 'cosFormer2' at screen 0.75622,0.47622 center font ',8' noenhanced front
  plot \
    data using (series(17)):6:7 with filledcurves fs solid noborder lc rgb (kind eq 'eps' ? '#F4E2EC' : '#C8CC79A7'), \
    data using (series(18)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#CC79A7', \
    data using (series(19)):3 with lines lw 1.6 dt solid lc rgb '#CC79A7', \
    data using (series(20)):3 with lines lw 1.2 dt (1,1.6) lc rgb '#CC79A7'
  unset multiplot
  set output
}
