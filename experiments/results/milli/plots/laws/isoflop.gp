# Draws isoflop.svg and isoflop.png from isoflop.csv: run `gnuplot isoflop.gp` in this folder.
data = 'isoflop.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set logscale xy
set xrange [294899:1.16857e+07]
set xtics ('' 300000 1, '' 400000 1, '5·10^{5}' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1, '' 8e+06 1, '' 9e+06 1, '10^{7}' 1e+07)
set yrange [1.2269:1.73167]
set format y '%g'
set ytics (1.3, 1.4, 1.5, 1.6, 1.7)
set xlabel 'N [parameters, without embeddings]' noenhanced
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
  set output 'isoflop.'.kind
  set multiplot layout 2,2 title 'Compute budgets [FLOP]: parabolas, and dashed the law' noenhanced font ',14'
  set title 'llama' noenhanced
  unset label
  set label '7.9e+13' at 6.32858e+06,1.51078 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '7.4e+13' at 6.32858e+06,1.53277 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '7.0e+13' at 6.32858e+06,1.55508 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '6.6e+13' at 6.32858e+06,1.57772 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.4e+13' at 1.00493e+06,1.58359 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '6.2e+13' at 6.32858e+06,1.60068 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '5.8e+13' at 6.32858e+06,1.62398 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '5.5e+13' at 6.32858e+06,1.64762 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '5.1e+13' at 6.32858e+06,1.6716 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(0)):3 with points pt 7 ps 0.55 lc rgb '#4A9BC8' notitle, \
    data using (series(1)):3 with lines lw 1.4 lc rgb '#4A9BC8' notitle, \
    data using (series(2)):3 with lines lw 2 dt (6,4) lc rgb '#4A9BC8' notitle, \
    data using (series(3)):3 with points pt 7 ps 0.55 lc rgb '#489AC8' notitle, \
    data using (series(4)):3 with lines lw 1.4 lc rgb '#489AC8' notitle, \
    data using (series(5)):3 with lines lw 2 dt (6,4) lc rgb '#489AC8' notitle, \
    data using (series(6)):3 with points pt 7 ps 0.55 lc rgb '#4699C7' notitle, \
    data using (series(7)):3 with lines lw 1.4 lc rgb '#4699C7' notitle, \
    data using (series(8)):3 with lines lw 2 dt (6,4) lc rgb '#4699C7' notitle, \
    data using (series(9)):3 with points pt 7 ps 0.55 lc rgb '#4498C7' notitle, \
    data using (series(10)):3 with lines lw 1.4 lc rgb '#4498C7' notitle, \
    data using (series(11)):3 with lines lw 2 dt (6,4) lc rgb '#4498C7' notitle, \
    data using (series(12)):3 with points pt 7 ps 0.55 lc rgb '#4296C6' notitle, \
    data using (series(13)):3 with lines lw 1.4 lc rgb '#4296C6' notitle, \
    data using (series(14)):3 with lines lw 2 dt (6,4) lc rgb '#4296C6' notitle, \
    data using (series(15)):3 with points pt 7 ps 0.55 lc rgb '#4095C5' notitle, \
    data using (series(16)):3 with lines lw 1.4 lc rgb '#4095C5' notitle, \
    data using (series(17)):3 with lines lw 2 dt (6,4) lc rgb '#4095C5' notitle, \
    data using (series(18)):3 with points pt 7 ps 0.55 lc rgb '#3E94C5' notitle, \
    data using (series(19)):3 with lines lw 1.4 lc rgb '#3E94C5' notitle, \
    data using (series(20)):3 with lines lw 2 dt (6,4) lc rgb '#3E94C5' notitle, \
    data using (series(21)):3 with points pt 7 ps 0.55 lc rgb '#3C93C4' notitle, \
    data using (series(22)):3 with lines lw 1.4 lc rgb '#3C93C4' notitle, \
    data using (series(23)):3 with lines lw 2 dt (6,4) lc rgb '#3C93C4' notitle, \
    data using (series(24)):3 with points pt 7 ps 0.55 lc rgb '#3992C3' notitle, \
    data using (series(25)):3 with lines lw 1.4 lc rgb '#3992C3' notitle, \
    data using (series(26)):3 with lines lw 2 dt (6,4) lc rgb '#3992C3' notitle, \
    data using (series(27)):3 with points pt 7 ps 0.55 lc rgb '#222222' notitle
  set title 'tnl' noenhanced
  unset label
  set label '4.7e+13' at 6.4553e+06,1.62984 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.9e+13' at 2.72794e+06,1.66599 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.8e+13' at 2.72794e+06,1.69024 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(28)):3 with points pt 7 ps 0.55 lc rgb '#E18B48' notitle, \
    data using (series(29)):3 with lines lw 1.4 lc rgb '#E18B48' notitle, \
    data using (series(30)):3 with lines lw 2 dt (6,4) lc rgb '#E18B48' notitle, \
    data using (series(31)):3 with points pt 7 ps 0.55 lc rgb '#E18A46' notitle, \
    data using (series(32)):3 with lines lw 1.4 lc rgb '#E18A46' notitle, \
    data using (series(33)):3 with lines lw 2 dt (6,4) lc rgb '#E18A46' notitle, \
    data using (series(34)):3 with points pt 7 ps 0.55 lc rgb '#DD7D32' notitle, \
    data using (series(35)):3 with lines lw 1.4 lc rgb '#DD7D32' notitle, \
    data using (series(36)):3 with lines lw 2 dt (6,4) lc rgb '#DD7D32' notitle, \
    data using (series(37)):3 with points pt 7 ps 0.55 lc rgb '#222222' notitle
  set title 'hgrn2' noenhanced
  unset label
  set label '5.1e+13' at 6.32627e+06,1.43392 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '4.8e+13' at 6.32627e+06,1.45479 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.4e+13' at 1.00416e+06,1.44866 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '4.5e+13' at 6.32627e+06,1.47596 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '4.3e+13' at 6.32627e+06,1.49745 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '4.0e+13' at 6.32627e+06,1.51924 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(38)):3 with points pt 7 ps 0.55 lc rgb '#44B899' notitle, \
    data using (series(39)):3 with lines lw 1.4 lc rgb '#44B899' notitle, \
    data using (series(40)):3 with lines lw 2 dt (6,4) lc rgb '#44B899' notitle, \
    data using (series(41)):3 with points pt 7 ps 0.55 lc rgb '#37B391' notitle, \
    data using (series(42)):3 with lines lw 1.4 lc rgb '#37B391' notitle, \
    data using (series(43)):3 with lines lw 2 dt (6,4) lc rgb '#37B391' notitle, \
    data using (series(44)):3 with points pt 7 ps 0.55 lc rgb '#36B291' notitle, \
    data using (series(45)):3 with lines lw 1.4 lc rgb '#36B291' notitle, \
    data using (series(46)):3 with lines lw 2 dt (6,4) lc rgb '#36B291' notitle, \
    data using (series(47)):3 with points pt 7 ps 0.55 lc rgb '#34B290' notitle, \
    data using (series(48)):3 with lines lw 1.4 lc rgb '#34B290' notitle, \
    data using (series(49)):3 with lines lw 2 dt (6,4) lc rgb '#34B290' notitle, \
    data using (series(50)):3 with points pt 7 ps 0.55 lc rgb '#33B18F' notitle, \
    data using (series(51)):3 with lines lw 1.4 lc rgb '#33B18F' notitle, \
    data using (series(52)):3 with lines lw 2 dt (6,4) lc rgb '#33B18F' notitle, \
    data using (series(53)):3 with points pt 7 ps 0.55 lc rgb '#31B18E' notitle, \
    data using (series(54)):3 with lines lw 1.4 lc rgb '#31B18E' notitle, \
    data using (series(55)):3 with lines lw 2 dt (6,4) lc rgb '#31B18E' notitle
  set title 'cosformer2' noenhanced
  unset label
  plot NaN notitle
  unset multiplot
  set output
}
