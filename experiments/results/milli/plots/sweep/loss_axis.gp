# Draws loss_axis from its data: run `gnuplot loss_axis.gp` in this folder.
data = 'loss_axis.csv'
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
  set output 'loss_axis.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'The end of each run against lr (none that diverged)' at screen 0.50000,0.97851 center font ',9' noenhanced front
  set label '' at screen 0.47353,0.95450 point pt 6 ps 3.3*point lc rgb '#222222'
  set label 'lowest' at screen 0.49933,0.95450 left font ',7' noenhanced front
  set lmargin at screen 0.06786
  set rmargin at screen 0.51310
  set bmargin at screen 0.50640
  set tmargin at screen 0.89824
  set logscale x
  set xrange [0.000416972722:0.0390540992]
  set xtics ('' 0.0005, '' 0.001, '' 0.002, '' 0.004, '' 0.008, '' 0.016) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.50525042:2.47832468]
  set ytics ('1.6' 1.6, '1.7' 1.7, '1.8' 1.8, '1.9' 1.9, '2.0' 2, '2.1' 2.1, '2.2' 2.2, '2.3' 2.3, '2.4' 2.4) font ',7' offset 0.4,0
  set label 'loss [nats/token]' at screen 0.01825,0.70232 center rotate by 90 font ',8' noenhanced front
  set label 'LLaMA' at screen 0.29048,0.91288 center font ',8' noenhanced front
  set label 'N = 27k' at screen 0.45894,0.62604 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'N = 100k' at screen 0.46338,0.56068 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'N = 330k' at screen 0.42558,0.65456 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.35759,0.68380 center textcolor rgb '#0072B2' font ',7' noenhanced front
  set label 'N = 2.7M' at screen 0.28961,0.70830 center textcolor rgb '#0072B2' font ',7' noenhanced front
  plot \
    data using (series(0)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#8CC0DC', \
    data using (series(1)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#69ACD2', \
    data using (series(2)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#4699C7', \
    data using (series(3)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#2385BD', \
    data using (series(4)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#0072B2', \
    data using (series(5)):3 with points lw 0.8 dt solid pt 6 ps 2.8*point lc rgb '#222222'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.53294
  set rmargin at screen 0.97817
  set bmargin at screen 0.50640
  set tmargin at screen 0.89824
  set logscale x
  set xrange [0.000416972722:0.0390540992]
  set xtics ('' 0.0005, '' 0.001, '' 0.002, '' 0.004, '' 0.008, '' 0.016) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.50525042:2.47832468]
  set ytics ('' 1.6, '' 1.7, '' 1.8, '' 1.9, '' 2, '' 2.1, '' 2.2, '' 2.3, '' 2.4) font ',7' offset 0.4,0
  set label 'TNL' at screen 0.75556,0.91288 center font ',8' noenhanced front
  set label 'N = 31k' at screen 0.92402,0.88066 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 110k' at screen 0.92846,0.82455 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 350k' at screen 0.92846,0.67617 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.85354,0.70708 center textcolor rgb '#D45D00' font ',7' noenhanced front
  set label 'N = 2.7M' at screen 0.79222,0.72705 center textcolor rgb '#D45D00' font ',7' noenhanced front
  plot \
    data using (series(6)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#ECB78C', \
    data using (series(7)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#E6A069', \
    data using (series(8)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#E18A46', \
    data using (series(9)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#DB7423', \
    data using (series(10)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#D55E00', \
    data using (series(11)):3 with points lw 0.8 dt solid pt 6 ps 2.8*point lc rgb '#222222'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.06786
  set rmargin at screen 0.51310
  set bmargin at screen 0.06974
  set tmargin at screen 0.46158
  set logscale x
  set xrange [0.000416972722:0.0390540992]
  set xtics ('0.0005' 0.0005, '0.001' 0.001, '0.002' 0.002, '0.004' 0.004, '0.008' 0.008, '0.016' 0.016) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.50525042:2.47832468]
  set ytics ('1.6' 1.6, '1.7' 1.7, '1.8' 1.8, '1.9' 1.9, '2.0' 2, '2.1' 2.1, '2.2' 2.2, '2.3' 2.3, '2.4' 2.4) font ',7' offset 0.4,0
  set label 'lr' at screen 0.29048,0.02424 center font ',8' noenhanced front
  set label 'loss [nats/token]' at screen 0.01825,0.26566 center rotate by 90 font ',8' noenhanced front
  set label 'HGRN2' at screen 0.29048,0.47622 center font ',8' noenhanced front
  set label 'N = 27k' at screen 0.45894,0.20399 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 100k' at screen 0.46338,0.14700 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 330k' at screen 0.46338,0.17082 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.11400,0.10136 center textcolor rgb '#00926A' font ',7' noenhanced front
  set label 'N = 2.7M' at screen 0.20449,0.16510 center textcolor rgb '#00926A' font ',7' noenhanced front
  plot \
    data using (series(12)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#8CD3C0', \
    data using (series(13)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#69C6AD', \
    data using (series(14)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#46B99A', \
    data using (series(15)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#23AB86', \
    data using (series(16)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#009E73', \
    data using (series(17)):3 with points lw 0.8 dt solid pt 6 ps 2.8*point lc rgb '#222222'
  # panel 4
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.53294
  set rmargin at screen 0.97817
  set bmargin at screen 0.06974
  set tmargin at screen 0.46158
  set logscale x
  set xrange [0.000416972722:0.0390540992]
  set xtics ('0.0005' 0.0005, '0.001' 0.001, '0.002' 0.002, '0.004' 0.004, '0.008' 0.008, '0.016' 0.016) font ',7' offset 0,0.3
  set logscale y
  set yrange [1.50525042:2.47832468]
  set ytics ('' 1.6, '' 1.7, '' 1.8, '' 1.9, '' 2, '' 2.1, '' 2.2, '' 2.3, '' 2.4) font ',7' offset 0.4,0
  set label 'lr' at screen 0.75556,0.02424 center font ',8' noenhanced front
  set label 'cosFormer2' at screen 0.75556,0.47622 center font ',8' noenhanced front
  set label 'N = 32k' at screen 0.92402,0.21283 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'N = 110k' at screen 0.92846,0.15915 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'N = 350k' at screen 0.75767,0.17719 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'N = 1M' at screen 0.85354,0.25888 center textcolor rgb '#B26A92' font ',7' noenhanced front
  set label 'N = 2.7M' at screen 0.79222,0.35707 center textcolor rgb '#B26A92' font ',7' noenhanced front
  plot \
    data using (series(18)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#E8C3D7', \
    data using (series(19)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#E1B0CB', \
    data using (series(20)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#DA9EBF', \
    data using (series(21)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#D38BB3', \
    data using (series(22)):3 with linespoints lw 0.8 dt solid pt 7 ps 1.5*point lc rgb '#CC79A7', \
    data using (series(23)):3 with points lw 0.8 dt solid pt 6 ps 2.8*point lc rgb '#222222'
  unset multiplot
  set output
}
