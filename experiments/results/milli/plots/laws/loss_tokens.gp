# Draws loss_tokens.svg and loss_tokens.png from loss_tokens.csv: run `gnuplot loss_tokens.gp` in this folder.
data = 'loss_tokens.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set logscale xy
set xrange [939226:1.20845e+07]
set xtics ('10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1, '' 8e+06 1, '' 9e+06 1, '10^{7}' 1e+07)
set yrange [1.11876:2.86052]
set format y '%g'
set ytics (1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8)
set xlabel 'D [training tokens]' noenhanced
set ylabel 'loss [nats/token]' noenhanced
set grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5
set border lc rgb '#404040'
set tics nomirror
set key top right Left reverse samplen 1.6 spacing 1.05 opaque fillcolor rgb '#FFFFFF' font ',9'
set title font ',13'
do for [kind in 'svg png'] {
  if (kind eq 'svg') {
    set terminal svg size 1120,884 font 'DejaVu Sans,11' background '#FFFFFF'
  } else {
    set terminal pngcairo size 1792,1414 font 'DejaVu Sans,11' fontscale 1.60 linewidth 1.60 pointscale 1.60
  }
  set output 'loss_tokens.'.kind
  set multiplot layout 2,2 title 'Loss against data: points measured, curves by L(N, D)' noenhanced font ',14'
  set title 'llama' noenhanced
  unset label
  set label 'N = 6.3M' at 8.00358e+06,1.20929 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 2.7M' at 8.00358e+06,1.25784 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 1M' at 8.00358e+06,1.30835 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 330k' at 8.00358e+06,1.36088 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 100k' at 8.00358e+06,1.46086 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 27k' at 8.00358e+06,1.62995 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(0)):3 with points pt 7 ps 0.55 lc rgb '#8CC0DC' notitle, \
    data using (series(1)):3 with lines lw 1.4 lc rgb '#8CC0DC' notitle, \
    data using (series(2)):3 with points pt 7 ps 0.55 lc rgb '#70B0D4' notitle, \
    data using (series(3)):3 with lines lw 1.4 lc rgb '#70B0D4' notitle, \
    data using (series(4)):3 with points pt 7 ps 0.55 lc rgb '#54A1CB' notitle, \
    data using (series(5)):3 with lines lw 1.4 lc rgb '#54A1CB' notitle, \
    data using (series(6)):3 with points pt 7 ps 0.55 lc rgb '#3891C3' notitle, \
    data using (series(7)):3 with lines lw 1.4 lc rgb '#3891C3' notitle, \
    data using (series(8)):3 with points pt 7 ps 0.55 lc rgb '#1C82BA' notitle, \
    data using (series(9)):3 with lines lw 1.4 lc rgb '#1C82BA' notitle, \
    data using (series(10)):3 with points pt 7 ps 0.55 lc rgb '#0072B2' notitle, \
    data using (series(11)):3 with lines lw 1.4 lc rgb '#0072B2' notitle
  set title 'tnl' noenhanced
  unset label
  set label 'N = 6.5M' at 8.00358e+06,1.21022 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 2.7M' at 8.00358e+06,1.25881 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 1M' at 8.00358e+06,1.34117 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 350k' at 8.00358e+06,1.4948 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 110k' at 8.00358e+06,1.77685 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 31k' at 8.00358e+06,2.31892 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(12)):3 with points pt 7 ps 0.55 lc rgb '#ECB78C' notitle, \
    data using (series(13)):3 with lines lw 1.4 lc rgb '#ECB78C' notitle, \
    data using (series(14)):3 with points pt 7 ps 0.55 lc rgb '#E7A570' notitle, \
    data using (series(15)):3 with lines lw 1.4 lc rgb '#E7A570' notitle, \
    data using (series(16)):3 with points pt 7 ps 0.55 lc rgb '#E39354' notitle, \
    data using (series(17)):3 with lines lw 1.4 lc rgb '#E39354' notitle, \
    data using (series(18)):3 with points pt 7 ps 0.55 lc rgb '#DE8138' notitle, \
    data using (series(19)):3 with lines lw 1.4 lc rgb '#DE8138' notitle, \
    data using (series(20)):3 with points pt 7 ps 0.55 lc rgb '#DA701C' notitle, \
    data using (series(21)):3 with lines lw 1.4 lc rgb '#DA701C' notitle, \
    data using (series(22)):3 with points pt 7 ps 0.55 lc rgb '#D55E00' notitle, \
    data using (series(23)):3 with lines lw 1.4 lc rgb '#D55E00' notitle
  set title 'hgrn2' noenhanced
  unset label
  set label 'N = 6.3M' at 8.00358e+06,1.1629 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 2.7M' at 8.00358e+06,1.20959 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 1M' at 8.00358e+06,1.26447 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 330k' at 8.00358e+06,1.34883 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 100k' at 8.00358e+06,1.46656 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 27k' at 8.00358e+06,1.63947 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(24)):3 with points pt 7 ps 0.55 lc rgb '#8CD3C0' notitle, \
    data using (series(25)):3 with lines lw 1.4 lc rgb '#8CD3C0' notitle, \
    data using (series(26)):3 with points pt 7 ps 0.55 lc rgb '#70C9B1' notitle, \
    data using (series(27)):3 with lines lw 1.4 lc rgb '#70C9B1' notitle, \
    data using (series(28)):3 with points pt 7 ps 0.55 lc rgb '#54BEA1' notitle, \
    data using (series(29)):3 with lines lw 1.4 lc rgb '#54BEA1' notitle, \
    data using (series(30)):3 with points pt 7 ps 0.55 lc rgb '#38B392' notitle, \
    data using (series(31)):3 with lines lw 1.4 lc rgb '#38B392' notitle, \
    data using (series(32)):3 with points pt 7 ps 0.55 lc rgb '#1CA982' notitle, \
    data using (series(33)):3 with lines lw 1.4 lc rgb '#1CA982' notitle, \
    data using (series(34)):3 with points pt 7 ps 0.55 lc rgb '#009E73' notitle, \
    data using (series(35)):3 with lines lw 1.4 lc rgb '#009E73' notitle
  set title 'cosformer2' noenhanced
  unset label
  set label 'N = 6.5M' at 8.00358e+06,1.29681 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 2.7M' at 8.00358e+06,1.34888 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 1M' at 8.00358e+06,1.40304 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 350k' at 8.00358e+06,1.45938 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 110k' at 8.00358e+06,1.51798 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label 'N = 32k' at 8.00358e+06,1.68965 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(36)):3 with points pt 7 ps 0.55 lc rgb '#E8C3D7' notitle, \
    data using (series(37)):3 with lines lw 1.4 lc rgb '#E8C3D7' notitle, \
    data using (series(38)):3 with points pt 7 ps 0.55 lc rgb '#E2B4CE' notitle, \
    data using (series(39)):3 with lines lw 1.4 lc rgb '#E2B4CE' notitle, \
    data using (series(40)):3 with points pt 7 ps 0.55 lc rgb '#DDA5C4' notitle, \
    data using (series(41)):3 with lines lw 1.4 lc rgb '#DDA5C4' notitle, \
    data using (series(42)):3 with points pt 7 ps 0.55 lc rgb '#D796BA' notitle, \
    data using (series(43)):3 with lines lw 1.4 lc rgb '#D796BA' notitle, \
    data using (series(44)):3 with points pt 7 ps 0.55 lc rgb '#D288B1' notitle, \
    data using (series(45)):3 with lines lw 1.4 lc rgb '#D288B1' notitle, \
    data using (series(46)):3 with points pt 7 ps 0.55 lc rgb '#CC79A7' notitle, \
    data using (series(47)):3 with lines lw 1.4 lc rgb '#CC79A7' notitle
  unset multiplot
  set output
}
