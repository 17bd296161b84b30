# Draws law_surface from its data: run `gnuplot law_surface.gp` in this folder.
data = 'law_surface.csv'
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
  set output 'law_surface.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'The law: lines of equal loss [nats/token]' at screen 0.50000,0.97851 center font ',9' noenhanced front
  set label '' at screen 0.31438,0.95450 point pt 7 ps 1.4*point lc rgb '#B9B9B9'
  set label 'observations' at screen 0.34018,0.95450 left font ',7' noenhanced front
  set arrow from screen 0.45315,0.95450 to screen 0.48887,0.95450 nohead lw 1.6 dt solid lc rgb '#222222'
  set label 'best N and D for the compute' at screen 0.49681,0.95450 left font ',7' noenhanced front
  set lmargin at screen 0.08830
  set rmargin at screen 0.52332
  set bmargin at screen 0.50640
  set tmargin at screen 0.89824
  set logscale x
  set xrange [19898.6172:14402947.1]
  set xtics ('' 20000 1, '' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [920781.005:9185094.46]
  set ytics ('10^{6}' 1000000, '2×10^{6}' 2000000, '3×10^{6}' 3000000, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1) font ',7' offset 0.4,0
  set label 'D [training tokens]' at screen 0.01825,0.70232 center rotate by 90 font ',8' noenhanced front
  set label 'LLaMA' at screen 0.30581,0.91288 center font ',8' noenhanced front
  set label '1.29' at screen 0.49149,0.76238 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label '1.37' at screen 0.49149,0.68161 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label '1.47' at screen 0.49149,0.60420 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label '1.56' at screen 0.49149,0.54842 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label '1.66' at screen 0.38028,0.54148 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label '1.77' at screen 0.23305,0.51538 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label '1.89' at screen 0.15113,0.51586 center textcolor rgb '#0072B2' font ',7' noenhanced front
  plot \
    data using (series(0)):3 with points pt 7 ps 0.9*point lc rgb '#B9B9B9', \
    data using (series(1)):3 with lines lw 0.8 dt solid lc rgb '#0072B2', \
    data using (series(2)):3 with lines lw 0.8 dt solid lc rgb '#177FB9', \
    data using (series(3)):3 with lines lw 0.8 dt solid lc rgb '#2F8CC0', \
    data using (series(4)):3 with lines lw 0.8 dt solid lc rgb '#4699C7', \
    data using (series(5)):3 with lines lw 0.8 dt solid lc rgb '#5EA6CE', \
    data using (series(6)):3 with lines lw 0.8 dt solid lc rgb '#75B3D5', \
    data using (series(7)):3 with lines lw 0.8 dt solid lc rgb '#8CC0DC', \
    data using (series(8)):3 with lines lw 1.6 dt solid lc rgb '#222222'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.54316
  set rmargin at screen 0.97817
  set bmargin at screen 0.50640
  set tmargin at screen 0.89824
  set logscale x
  set xrange [19898.6172:14402947.1]
  set xtics ('' 20000 1, '' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [920781.005:9185094.46]
  set ytics ('' 1000000, '' 2000000, '' 3000000, '' 4000000 1, '' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1) font ',7' offset 0.4,0
  set label 'TNL' at screen 0.76067,0.91288 center font ',8' noenhanced front
  set label '1.34' at screen 0.94765,0.72728 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label '1.49' at screen 0.94765,0.61393 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label '1.65' at screen 0.94765,0.52577 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label '1.83' at screen 0.77077,0.51638 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label '2.02' at screen 0.61341,0.86999 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label '2.24' at screen 0.67849,0.52102 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set arrow from screen 0.64904,0.52903 to screen 0.66095,0.52102 nohead lw 0.4 lc rgb '#D45D00'
  set label '2.48' at screen 0.60748,0.51780 center textcolor rgb '#D45D00' font ',7' noenhanced front
  plot \
    data using (series(9)):3 with points pt 7 ps 0.9*point lc rgb '#B9B9B9', \
    data using (series(10)):3 with lines lw 0.8 dt solid lc rgb '#D55E00', \
    data using (series(11)):3 with lines lw 0.8 dt solid lc rgb '#D96D17', \
    data using (series(12)):3 with lines lw 0.8 dt solid lc rgb '#DD7C2F', \
    data using (series(13)):3 with lines lw 0.8 dt solid lc rgb '#E18A46', \
    data using (series(14)):3 with lines lw 0.8 dt solid lc rgb '#E4995E', \
    data using (series(15)):3 with lines lw 0.8 dt solid lc rgb '#E8A875', \
    data using (series(16)):3 with lines lw 0.8 dt solid lc rgb '#ECB78C', \
    data using (series(17)):3 with lines lw 1.6 dt solid lc rgb '#222222'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.08830
  set rmargin at screen 0.52332
  set bmargin at screen 0.06974
  set tmargin at screen 0.46158
  set logscale x
  set xrange [19898.6172:14402947.1]
  set xtics ('' 20000 1, '' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '10^{7}' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [920781.005:9185094.46]
  set ytics ('10^{6}' 1000000, '2×10^{6}' 2000000, '3×10^{6}' 3000000, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1) font ',7' offset 0.4,0
  set label 'N [parameters, without embeddings]' at screen 0.30581,0.02424 center font ',8' noenhanced front
  set label 'D [training tokens]' at screen 0.01825,0.26566 center rotate by 90 font ',8' noenhanced front
  set label 'HGRN2' at screen 0.30581,0.47622 center font ',8' noenhanced front
  set label '1.24' at screen 0.49146,0.32303 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label '1.32' at screen 0.49146,0.23009 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label '1.41' at screen 0.49146,0.14569 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label '1.51' at screen 0.38271,0.09012 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label '1.61' at screen 0.31947,0.12068 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label '1.72' at screen 0.23520,0.07897 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label '1.83' at screen 0.14790,0.07982 center textcolor rgb '#00926A' font ',7' noenhanced front
  plot \
    data using (series(18)):3 with points pt 7 ps 0.9*point lc rgb '#B9B9B9', \
    data using (series(19)):3 with lines lw 0.8 dt solid lc rgb '#009E73', \
    data using (series(20)):3 with lines lw 0.8 dt solid lc rgb '#17A780', \
    data using (series(21)):3 with lines lw 0.8 dt solid lc rgb '#2FB08D', \
    data using (series(22)):3 with lines lw 0.8 dt solid lc rgb '#46B99A', \
    data using (series(23)):3 with lines lw 0.8 dt solid lc rgb '#5EC2A6', \
    data using (series(24)):3 with lines lw 0.8 dt solid lc rgb '#75CAB3', \
    data using (series(25)):3 with lines lw 0.8 dt solid lc rgb '#8CD3C0', \
    data using (series(26)):3 with lines lw 1.6 dt solid lc rgb '#222222'
  # panel 4
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.54316
  set rmargin at screen 0.97817
  set bmargin at screen 0.06974
  set tmargin at screen 0.46158
  set logscale x
  set xrange [19898.6172:14402947.1]
  set xtics ('' 20000 1, '' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1, '10^{7}' 10000000) font ',7' offset 0,0.3
  set logscale y
  set yrange [920781.005:9185094.46]
  set ytics ('' 1000000, '' 2000000, '' 3000000, '' 4000000 1, '' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1, '' 9000000 1) font ',7' offset 0.4,0
  set label 'N [parameters, without embeddings]' at screen 0.76067,0.02424 center font ',8' noenhanced front
  set label 'cosFormer2' at screen 0.76067,0.47622 center font ',8' noenhanced front
  set label '1.38' at screen 0.94774,0.33183 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label '1.48' at screen 0.94774,0.24652 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label '1.58' at screen 0.94774,0.18403 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label '1.68' at screen 0.94774,0.13470 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label '1.79' at screen 0.94774,0.09023 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label '1.91' at screen 0.70402,0.07778 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label '2.04' at screen 0.61253,0.07923 center textcolor rgb '#B26A92' font ',7' noenhanced front
  plot \
    data using (series(27)):3 with points pt 7 ps 0.9*point lc rgb '#B9B9B9', \
    data using (series(28)):3 with lines lw 0.8 dt solid lc rgb '#CC79A7', \
    data using (series(29)):3 with lines lw 0.8 dt solid lc rgb '#D185AF', \
    data using (series(30)):3 with lines lw 0.8 dt solid lc rgb '#D592B7', \
    data using (series(31)):3 with lines lw 0.8 dt solid lc rgb '#DA9EBF', \
    data using (series(32)):3 with lines lw 0.8 dt solid lc rgb '#DFAAC7', \
    data using (series(33)):3 with lines lw 0.8 dt solid lc rgb '#E3B6CF', \
    data using (series(34)):3 with lines lw 0.8 dt solid lc rgb '#E8C3D7', \
    data using (series(35)):3 with lines lw 1.6 dt solid lc rgb '#222222'
  unset multiplot
  set output
}
