# Draws loss_axis.svg and loss_axis.png from loss_axis.csv: run `gnuplot loss_axis.gp` in this folder.
data = 'loss_axis.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set logscale xy
set xrange [0.000435275:0.032]
set xtics ('5·10^{-4}' 0.0005, '' 0.0006 1, '' 0.0007 1, '' 0.0008 1, '' 0.0009 1, '10^{-3}' 0.001, '2·10^{-3}' 0.002, '' 0.003 1, '' 0.004 1, '5·10^{-3}' 0.005, '' 0.006 1, '' 0.007 1, '' 0.008 1, '' 0.009 1, '10^{-2}' 0.01, '2·10^{-2}' 0.02, '' 0.03 1)
set format x '%g'
set xtics ('0.0005' 0.0005, '0.001' 0.001, '0.002' 0.002, '0.004' 0.004, '0.008' 0.008, '0.016' 0.016)
set yrange [1.50765:2.47437]
set format y '%g'
set ytics (1.6, 1.8, 2, 2.2, 2.4)
set xlabel 'training.optimizer.adamw.lr' noenhanced
set ylabel 'loss [nats/token]' noenhanced
set grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5
set border lc rgb '#404040'
set tics nomirror
set key bottom left Left reverse samplen 1.6 spacing 1.05 opaque fillcolor rgb '#FFFFFF' font ',9'
set title font ',13'
do for [kind in 'svg png'] {
  if (kind eq 'svg') {
    set terminal svg size 1120,884 font 'DejaVu Sans,11' background '#FFFFFF'
  } else {
    set terminal pngcairo size 1792,1414 font 'DejaVu Sans,11' fontscale 1.60 linewidth 1.60 pointscale 1.60
  }
  set output 'loss_axis.'.kind
  set multiplot layout 2,2 title 'Loss at the end of each run against lr (none that diverged)' noenhanced font ',14'
  set title 'llama' noenhanced
  unset label
  set label 'N = 100k' at 0.016,1.61289 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 27k' at 0.016,1.75278 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 330k' at 0.016,1.78958 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 1M' at 0.008,1.8538 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 2.7M' at 0.004,1.90696 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(0)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#8CC0DC' notitle, \
    data using (series(1)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#69ACD2' notitle, \
    data using (series(2)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#4699C7' notitle, \
    data using (series(3)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#2385BD' notitle, \
    data using (series(4)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#0072B2' notitle, \
    data using (series(5)):3 with points pt 6 ps 1.3 lw 1.6 lc rgb '#222222' title 'lowest' noenhanced
  set title 'tnl' noenhanced
  unset label
  set label 'N = 350k' at 0.016,1.86823 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 1M' at 0.008,1.94317 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 2.7M' at 0.004,1.99319 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 110k' at 0.016,2.25648 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 31k' at 0.016,2.42349 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(6)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#ECB78C' notitle, \
    data using (series(7)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#E6A069' notitle, \
    data using (series(8)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#E18A46' notitle, \
    data using (series(9)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#DB7423' notitle, \
    data using (series(10)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#D55E00' notitle, \
    data using (series(11)):3 with points pt 6 ps 1.3 lw 1.6 lc rgb '#222222' title 'lowest' noenhanced
  set title 'hgrn2' noenhanced
  unset label
  set label 'N = 100k' at 0.016,1.66076 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 1M' at 0.008,1.69468 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 330k' at 0.016,1.71185 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 2.7M' at 0.004,1.72939 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 27k' at 0.016,1.78567 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(12)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#8CD3C0' notitle, \
    data using (series(13)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#69C6AD' notitle, \
    data using (series(14)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#46B99A' notitle, \
    data using (series(15)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#23AB86' notitle, \
    data using (series(16)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#009E73' notitle, \
    data using (series(17)):3 with points pt 6 ps 1.3 lw 1.6 lc rgb '#222222' title 'lowest' noenhanced
  set title 'cosformer2' noenhanced
  unset label
  set label 'N = 110k' at 0.016,1.68662 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 350k' at 0.016,1.77056 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 32k' at 0.016,1.80773 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 1M' at 0.008,1.91484 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 2.7M' at 0.004,2.16971 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(18)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#E8C3D7' notitle, \
    data using (series(19)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#E1B0CB' notitle, \
    data using (series(20)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#DA9EBF' notitle, \
    data using (series(21)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#D38BB3' notitle, \
    data using (series(22)):3 with linespoints lw 1.4 pt 7 ps 0.65 lc rgb '#CC79A7' notitle, \
    data using (series(23)):3 with points pt 6 ps 1.3 lw 1.6 lc rgb '#222222' title 'lowest' noenhanced
  unset multiplot
  set output
}
