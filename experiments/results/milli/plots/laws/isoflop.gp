# Draws isoflop from its data: run `gnuplot isoflop.gp` in this folder.
data = 'isoflop.csv'
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
  set output 'isoflop.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'At each compute budget [FLOP]: points, parabola, and the law''s own curve' at screen 0.50000,0.97851 center font ',9' noenhanced front
  set label '' at screen 0.35024,0.95450 point pt 6 ps 3.3*point lc rgb '#222222'
  set label 'vertex' at screen 0.37603,0.95450 left font ',7' noenhanced front
  set arrow from screen 0.44456,0.95450 to screen 0.48028,0.95450 nohead lw 0.8 dt solid lc rgb '#8A8A8A'
  set label 'parabola' at screen 0.48821,0.95450 left font ',7' noenhanced front
  set arrow from screen 0.57300,0.95450 to screen 0.60871,0.95450 nohead lw 0.8 dt (8,2.5) lc rgb '#8A8A8A'
  set label 'the law' at screen 0.61665,0.95450 left font ',7' noenhanced front
  set lmargin at screen 0.06786
  set rmargin at screen 0.51310
  set bmargin at screen 0.50640
  set tmargin at screen 0.89824
  set logscale x
  set xrange [284123.366:14008062.4]
  set xtics ('' 300000 1, '' 400000 1, '' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000, '' 3000000 1, '' 4000000 1, '' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.22553676:1.73359184]
  set ytics ('1.3' 1.3, '1.4' 1.4, '1.5' 1.5, '1.6' 1.6, '1.7' 1.7) font ',7' offset 0.4,0
  set label 'loss [nats/token]' at screen 0.01825,0.70232 center rotate by 90 font ',8' noenhanced front
  set label 'LLaMA' at screen 0.29048,0.91288 center font ',8' noenhanced front
  set label '1.4·10¹³' at screen 0.25044,0.79599 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label '5.1·10¹³' at screen 0.46063,0.84338 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label '5.8·10¹³' at screen 0.46063,0.81960 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label '6.2·10¹³' at screen 0.46063,0.79911 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label '7.0·10¹³' at screen 0.46063,0.76657 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label '7.9·10¹³' at screen 0.46063,0.74281 center textcolor rgb '#0072B2' font ',7' noenhanced front
  plot \
    data using (series(0)):3 with lines lw 0.8 dt solid lc rgb '#8CC0DC', \
    data using (series(1)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#8CC0DC', \
    data using (series(2)):3 with points pt 7 ps 1.2*point lc rgb '#8CC0DC', \
    data using (series(3)):3 with lines lw 0.8 dt solid lc rgb '#70B0D4', \
    data using (series(4)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#70B0D4', \
    data using (series(5)):3 with points pt 7 ps 1.2*point lc rgb '#70B0D4', \
    data using (series(6)):3 with lines lw 0.8 dt solid lc rgb '#54A1CB', \
    data using (series(7)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#54A1CB', \
    data using (series(8)):3 with points pt 7 ps 1.2*point lc rgb '#54A1CB', \
    data using (series(9)):3 with lines lw 0.8 dt solid lc rgb '#3891C3', \
    data using (series(10)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#3891C3', \
    data using (series(11)):3 with points pt 7 ps 1.2*point lc rgb '#3891C3', \
    data using (series(12)):3 with lines lw 0.8 dt solid lc rgb '#1C82BA', \
    data using (series(13)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#1C82BA', \
    data using (series(14)):3 with points pt 7 ps 1.2*point lc rgb '#1C82BA', \
    data using (series(15)):3 with lines lw 0.8 dt solid lc rgb '#0072B2', \
    data using (series(16)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#0072B2', \
    data using (series(17)):3 with points pt 7 ps 1.2*point lc rgb '#0072B2', \
    data using (series(18)):3 with points lw 0.8 dt solid pt 6 ps 2.8*point lc rgb '#222222'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.53294
  set rmargin at screen 0.97817
  set bmargin at screen 0.50640
  set tmargin at screen 0.89824
  set logscale x
  set xrange [284123.366:14008062.4]
  set xtics ('' 300000 1, '' 400000 1, '' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000, '' 3000000 1, '' 4000000 1, '' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.22553676:1.73359184]
  set ytics ('' 1.3, '' 1.4, '' 1.5, '' 1.6, '' 1.7) font ',7' offset 0.4,0
  set label 'TNL' at screen 0.75556,0.91288 center font ',8' noenhanced front
  set label '1.8·10¹³' at screen 0.82959,0.86629 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label '1.9·10¹³' at screen 0.83356,0.83730 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label '4.7·10¹³' at screen 0.92798,0.82852 center textcolor rgb '#D45D00' font ',7' noenhanced front
  plot \
    data using (series(21)):3 with lines lw 0.8 dt solid lc rgb '#ECB78C', \
    data using (series(22)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#ECB78C', \
    data using (series(23)):3 with points pt 7 ps 1.2*point lc rgb '#ECB78C', \
    data using (series(24)):3 with lines lw 0.8 dt solid lc rgb '#E18A46', \
    data using (series(25)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#E18A46', \
    data using (series(26)):3 with points pt 7 ps 1.2*point lc rgb '#E18A46', \
    data using (series(27)):3 with lines lw 0.8 dt solid lc rgb '#D55E00', \
    data using (series(28)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#D55E00', \
    data using (series(29)):3 with points pt 7 ps 1.2*point lc rgb '#D55E00', \
    data using (series(30)):3 with points lw 0.8 dt solid pt 6 ps 2.8*point lc rgb '#222222'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.06786
  set rmargin at screen 0.51310
  set bmargin at screen 0.06974
  set tmargin at screen 0.46158
  set logscale x
  set xrange [284123.366:14008062.4]
  set xtics ('' 300000 1, '' 400000 1, '5×10^{5}' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '2×10^{6}' 2000000, '' 3000000 1, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '10^{7}' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.22553676:1.73359184]
  set ytics ('1.3' 1.3, '1.4' 1.4, '1.5' 1.5, '1.6' 1.6, '1.7' 1.7) font ',7' offset 0.4,0
  set label 'N [parameters, without embeddings]' at screen 0.29048,0.02424 center font ',8' noenhanced front
  set label 'loss [nats/token]' at screen 0.01825,0.26566 center rotate by 90 font ',8' noenhanced front
  set label 'HGRN2' at screen 0.29048,0.47622 center font ',8' noenhanced front
  set label '1.4·10¹³' at screen 0.25036,0.25872 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label '4.0·10¹³' at screen 0.46257,0.28669 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label '4.3·10¹³' at screen 0.46952,0.26481 center textcolor rgb '#00926A' font ',7' noenhanced front
  set arrow from screen 0.42230,0.27281 to screen 0.43420,0.26481 nohead lw 0.4 lc rgb '#00926A'
  set label '4.5·10¹³' at screen 0.46952,0.24345 center textcolor rgb '#00926A' font ',7' noenhanced front
  set arrow from screen 0.42230,0.26746 to screen 0.43420,0.24345 nohead lw 0.4 lc rgb '#00926A'
  set label '4.8·10¹³' at screen 0.46952,0.21753 center textcolor rgb '#00926A' font ',7' noenhanced front
  set arrow from screen 0.42230,0.25754 to screen 0.43420,0.21753 nohead lw 0.4 lc rgb '#00926A'
  set label '5.1·10¹³' at screen 0.28699,0.09115 center textcolor rgb '#00926A' font ',7' noenhanced front
  plot \
    data using (series(31)):3 with lines lw 0.8 dt solid lc rgb '#8CD3C0', \
    data using (series(32)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#8CD3C0', \
    data using (series(33)):3 with points pt 7 ps 1.2*point lc rgb '#8CD3C0', \
    data using (series(34)):3 with lines lw 0.8 dt solid lc rgb '#70C9B1', \
    data using (series(35)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#70C9B1', \
    data using (series(36)):3 with points pt 7 ps 1.2*point lc rgb '#70C9B1', \
    data using (series(37)):3 with lines lw 0.8 dt solid lc rgb '#54BEA1', \
    data using (series(38)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#54BEA1', \
    data using (series(39)):3 with points pt 7 ps 1.2*point lc rgb '#54BEA1', \
    data using (series(40)):3 with lines lw 0.8 dt solid lc rgb '#38B392', \
    data using (series(41)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#38B392', \
    data using (series(42)):3 with points pt 7 ps 1.2*point lc rgb '#38B392', \
    data using (series(43)):3 with lines lw 0.8 dt solid lc rgb '#1CA982', \
    data using (series(44)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#1CA982', \
    data using (series(45)):3 with points pt 7 ps 1.2*point lc rgb '#1CA982', \
    data using (series(46)):3 with lines lw 0.8 dt solid lc rgb '#009E73', \
    data using (series(47)):3 with lines lw 0.8 dt (8,2.5) lc rgb '#009E73', \
    data using (series(48)):3 with points pt 7 ps 1.2*point lc rgb '#009E73'
  # panel 4
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.53294
  set rmargin at screen 0.97817
  set bmargin at screen 0.06974
  set tmargin at screen 0.46158
  set logscale x
  set xrange [284123.366:14008062.4]
  set xtics ('' 300000 1, '' 400000 1, '5×10^{5}' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '2×10^{6}' 2000000, '' 3000000 1, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '10^{7}' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.22553676:1.73359184]
  set ytics ('' 1.3, '' 1.4, '' 1.5, '' 1.6, '' 1.7) font ',7' offset 0.4,0
  set label 'N [parameters, without embeddings]' at screen 0.75556,0.02424 center font ',8' noenhanced front
  set label 'cosFormer2' at screen 0.75556,0.47622 center font ',8' noenhanced front
  set label 'isoFLOP: 1 of 45 compute budgets have a least loss inside;' at screen 0.75556,0.27607 center textcolor rgb '#606060' font ',7' noenhanced front
  set label '2 are needed' at screen 0.75556,0.25526 center textcolor rgb '#606060' font ',7' noenhanced front
  plot NaN
  unset multiplot
  set output
}
