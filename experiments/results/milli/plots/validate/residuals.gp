# Draws residuals.svg and residuals.png from residuals.csv: run `gnuplot residuals.gp` in this folder.
data = 'residuals.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set logscale x
set xrange [10450.8:1.02955e+15]
set xtics ('10^{5}' 100000, '10^{7}' 1e+07, '10^{9}' 1e+09, '10^{11}' 1e+11, '10^{13}' 1e+13, '10^{15}' 1e+15)
set yrange [-17.1005507:12.5860294]
set format y '%g'
set ytics autofreq
set xlabel 'input' noenhanced
set ylabel 'ln law - ln measured [%]' noenhanced
set grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5
set border lc rgb '#404040'
set tics nomirror
set key top right Left reverse samplen 1.6 spacing 1.05 opaque fillcolor rgb '#FFFFFF' font ',9'
set title font ',13'
do for [kind in 'svg png'] {
  if (kind eq 'svg') {
    set terminal svg size 2240,1304 font 'DejaVu Sans,11' background '#FFFFFF'
  } else {
    set terminal pngcairo size 3584,2086 font 'DejaVu Sans,11' fontscale 1.60 linewidth 1.60 pointscale 1.60
  }
  set output 'residuals.'.kind
  set multiplot layout 3,4 title 'Residuals, above 0 where the law is too high; means with 2 se' noenhanced font ',14'
set xrange [21524.8:7.87487e+06]
set xtics ('' 30000 1, '' 40000 1, '5·10^{4}' 50000, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '2·10^{5}' 200000, '' 300000 1, '' 400000 1, '5·10^{5}' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1)
set yrange [-3.40634271:2.08176207]
set format y '%g'
set ytics autofreq
  set xlabel 'N [parameters]' noenhanced
  set title 'llama' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(0)):3 with points pt 7 ps 0.55 lc rgb '#80B9D9' notitle, \
    data using (series(1)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
set xrange [939226:8.69108e+06]
set xtics ('10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1, '' 8e+06 1)
set yrange [-3.40634271:2.08176207]
set format y '%g'
set ytics autofreq
  set xlabel 'D [tokens]' noenhanced
  set title 'llama' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(2)):3 with points pt 7 ps 0.55 lc rgb '#80B9D9' notitle, \
    data using (series(3)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
set xrange [4.37043e+11:5.24223e+14]
set xtics ('' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1)
set yrange [-3.40634271:2.08176207]
set format y '%g'
set ytics autofreq
  set xlabel 'C [FLOP]' noenhanced
  set title 'llama' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(4)):3 with points pt 7 ps 0.55 lc rgb '#80B9D9' notitle, \
    data using (series(5)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
set xrange [24804:7.99495e+06]
set xtics ('' 30000 1, '' 40000 1, '5·10^{4}' 50000, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '2·10^{5}' 200000, '' 300000 1, '' 400000 1, '5·10^{5}' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1)
set yrange [-17.1005507:12.5860294]
set format y '%g'
set ytics autofreq
  set xlabel 'N [parameters]' noenhanced
  set title 'tnl' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(6)):3 with points pt 7 ps 0.55 lc rgb '#EAAF80' notitle, \
    data using (series(7)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
set xrange [939226:8.69108e+06]
set xtics ('10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1, '' 8e+06 1)
set yrange [-17.1005507:12.5860294]
set format y '%g'
set ytics autofreq
  set xlabel 'D [tokens]' noenhanced
  set title 'tnl' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(8)):3 with points pt 7 ps 0.55 lc rgb '#EAAF80' notitle, \
    data using (series(9)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
set xrange [1.74701e+11:4.29065e+14]
set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1)
set yrange [-17.1005507:12.5860294]
set format y '%g'
set ytics autofreq
  set xlabel 'C [FLOP]' noenhanced
  set title 'tnl' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(10)):3 with points pt 7 ps 0.55 lc rgb '#EAAF80' notitle, \
    data using (series(11)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
set xrange [21444.8:7.87302e+06]
set xtics ('' 30000 1, '' 40000 1, '5·10^{4}' 50000, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '2·10^{5}' 200000, '' 300000 1, '' 400000 1, '5·10^{5}' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1)
set yrange [-2.13333711:1.88948149]
set format y '%g'
set ytics autofreq
  set xlabel 'N [parameters]' noenhanced
  set title 'hgrn2' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(12)):3 with points pt 7 ps 0.55 lc rgb '#80CFB9' notitle, \
    data using (series(13)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
set xrange [939226:8.69108e+06]
set xtics ('10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1, '' 8e+06 1)
set yrange [-2.13333711:1.88948149]
set format y '%g'
set ytics autofreq
  set xlabel 'D [tokens]' noenhanced
  set title 'hgrn2' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(14)):3 with points pt 7 ps 0.55 lc rgb '#80CFB9' notitle, \
    data using (series(15)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
set xrange [1.55264e+11:4.22457e+14]
set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1)
set yrange [-2.13333711:1.88948149]
set format y '%g'
set ytics autofreq
  set xlabel 'C [FLOP]' noenhanced
  set title 'hgrn2' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(16)):3 with points pt 7 ps 0.55 lc rgb '#80CFB9' notitle, \
    data using (series(17)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
set xrange [25663.1:7.99501e+06]
set xtics ('' 30000 1, '' 40000 1, '5·10^{4}' 50000, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '2·10^{5}' 200000, '' 300000 1, '' 400000 1, '5·10^{5}' 500000, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1)
set yrange [-3.99989857:4.35475546]
set format y '%g'
set ytics autofreq
  set xlabel 'N [parameters]' noenhanced
  set title 'cosformer2' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(18)):3 with points pt 7 ps 0.55 lc rgb '#E6BCD3' notitle, \
    data using (series(19)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
set xrange [939226:8.69108e+06]
set xtics ('10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1, '' 8e+06 1)
set yrange [-3.99989857:4.35475546]
set format y '%g'
set ytics autofreq
  set xlabel 'D [tokens]' noenhanced
  set title 'cosformer2' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(20)):3 with points pt 7 ps 0.55 lc rgb '#E6BCD3' notitle, \
    data using (series(21)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
set xrange [2.04822e+11:4.39535e+14]
set xtics ('' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1)
set yrange [-3.99989857:4.35475546]
set format y '%g'
set ytics autofreq
  set xlabel 'C [FLOP]' noenhanced
  set title 'cosformer2' noenhanced
  unset label
  unset arrow
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 1.2 dt (4,4) lc rgb '#7A7A7A'
  plot \
    data using (series(22)):3 with points pt 7 ps 0.55 lc rgb '#E6BCD3' notitle, \
    data using (series(23)):3:6:7 with yerrorbars pt 7 ps 0.6 lw 1.2 lc rgb '#000000' notitle
  unset multiplot
  set output
}
