# Draws residual_trends from its data: run `gnuplot residual_trends.gp` in this folder.
data = 'residual_trends.csv'
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
    set terminal svg size 672,918 font 'DejaVu Sans,8' fontscale 1.3333 linewidth 1.3333 background '#FFFFFF'
    point = 0.4444
  }
  if (kind eq 'png') {
    set terminal pngcairo size 1400,1913 font 'DejaVu Sans,8' fontscale 2.0833 linewidth 2.7778 dashlength 1.8
    point = 0.9259
  }
  set output 'residual_trends.'.kind
  set multiplot
  # panel 1
  unset label
  unset arrow
  unset object
  set label 'Residuals of each group: above 0 the law is too high' at screen 0.50000,0.98635 center font ',9' noenhanced front
  set arrow from screen 0.42318,0.96601 to screen 0.42318,0.97618 nohead lw 0.7 dt solid lc rgb '#222222'
  set label '' at screen 0.42318,0.97110 point pt 7 ps 2*point lc rgb '#222222'
  set label 'mean of a level, 2 se' at screen 0.44898,0.97110 left font ',7' noenhanced front
  set lmargin at screen 0.07286
  set rmargin at screen 0.36140
  set bmargin at screen 0.73773
  set tmargin at screen 0.93537
  set logscale x
  set xrange [21021.1898:8205889.84]
  set xtics ('' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-3.42401776:2.09943713]
  set ytics ('-3' -3, '-2' -2, '-1' -1, '0' 0, '1' 1, '2' 2) font ',7' offset 0.4,0
  set label '100 (ln law - ln measured)' at screen 0.03159,0.83655 center rotate by 90 font ',8' noenhanced front
  set label 'LLaMA' at screen 0.21713,0.94466 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(0)):3 with points pt 7 ps 0.9*point lc rgb '#66AAD1', \
    data using (series(1)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  # panel 2
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.38124
  set rmargin at screen 0.66979
  set bmargin at screen 0.73773
  set tmargin at screen 0.93537
  set logscale x
  set xrange [932520.094:8753577.95]
  set xtics ('' 1000000, '' 2000000, '' 3000000 1, '' 4000000 1, '' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-3.42401776:2.09943713]
  set ytics ('' -3, '' -2, '' -1, '' 0, '' 1, '' 2) font ',7' offset 0.4,0
  set label 'LLaMA' at screen 0.52552,0.94466 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(2)):3 with points pt 7 ps 0.9*point lc rgb '#66AAD1', \
    data using (series(3)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  # panel 3
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.68963
  set rmargin at screen 0.97817
  set bmargin at screen 0.73773
  set tmargin at screen 0.93537
  set logscale x
  set xrange [1.49747656e+11:5.60274124e+14]
  set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-3.42401776:2.09943713]
  set ytics ('' -3, '' -2, '' -1, '' 0, '' 1, '' 2) font ',7' offset 0.4,0
  set label 'LLaMA' at screen 0.83390,0.94466 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(4)):3 with points pt 7 ps 0.9*point lc rgb '#66AAD1', \
    data using (series(5)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  # panel 4
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.07286
  set rmargin at screen 0.36140
  set bmargin at screen 0.51162
  set tmargin at screen 0.70926
  set logscale x
  set xrange [21021.1898:8205889.84]
  set xtics ('' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-17.1961596:12.6816383]
  set ytics ('-15' -15, '-10' -10, '-5' -5, '0' 0, '5' 5, '10' 10) font ',7' offset 0.4,0
  set label '100 (ln law - ln measured)' at screen 0.02270,0.61044 center rotate by 90 font ',8' noenhanced front
  set label 'TNL' at screen 0.21713,0.71856 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(6)):3 with points pt 5 ps 0.9*point lc rgb '#E69E66', \
    data using (series(7)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  # panel 5
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.38124
  set rmargin at screen 0.66979
  set bmargin at screen 0.51162
  set tmargin at screen 0.70926
  set logscale x
  set xrange [932520.094:8753577.95]
  set xtics ('' 1000000, '' 2000000, '' 3000000 1, '' 4000000 1, '' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-17.1961596:12.6816383]
  set ytics ('' -15, '' -10, '' -5, '' 0, '' 5, '' 10) font ',7' offset 0.4,0
  set label 'TNL' at screen 0.52552,0.71856 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(8)):3 with points pt 5 ps 0.9*point lc rgb '#E69E66', \
    data using (series(9)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  # panel 6
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.68963
  set rmargin at screen 0.97817
  set bmargin at screen 0.51162
  set tmargin at screen 0.70926
  set logscale x
  set xrange [1.49747656e+11:5.60274124e+14]
  set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-17.1961596:12.6816383]
  set ytics ('' -15, '' -10, '' -5, '' 0, '' 5, '' 10) font ',7' offset 0.4,0
  set label 'TNL' at screen 0.83390,0.71856 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(10)):3 with points pt 5 ps 0.9*point lc rgb '#E69E66', \
    data using (series(11)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  # panel 7
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.07286
  set rmargin at screen 0.36140
  set bmargin at screen 0.28551
  set tmargin at screen 0.48315
  set logscale x
  set xrange [21021.1898:8205889.84]
  set xtics ('' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-2.14629304:1.90243743]
  set ytics ('-2.0' -2, '-1.5' -1.5, '-1.0' -1, '-0.5' -0.5, '0.0' 0, '0.5' 0.5, '1.0' 1, '1.5' 1.5) font ',7' offset 0.4,0
  set label '100 (ln law - ln measured)' at screen 0.01825,0.38433 center rotate by 90 font ',8' noenhanced front
  set label 'HGRN2' at screen 0.21713,0.49245 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(12)):3 with points pt 9 ps 0.9*point lc rgb '#66C5AB', \
    data using (series(13)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  # panel 8
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.38124
  set rmargin at screen 0.66979
  set bmargin at screen 0.28551
  set tmargin at screen 0.48315
  set logscale x
  set xrange [932520.094:8753577.95]
  set xtics ('' 1000000, '' 2000000, '' 3000000 1, '' 4000000 1, '' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-2.14629304:1.90243743]
  set ytics ('' -2, '' -1.5, '' -1, '' -0.5, '' 0, '' 0.5, '' 1, '' 1.5) font ',7' offset 0.4,0
  set label 'HGRN2' at screen 0.52552,0.49245 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(14)):3 with points pt 9 ps 0.9*point lc rgb '#66C5AB', \
    data using (series(15)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  # panel 9
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.68963
  set rmargin at screen 0.97817
  set bmargin at screen 0.28551
  set tmargin at screen 0.48315
  set logscale x
  set xrange [1.49747656e+11:5.60274124e+14]
  set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-2.14629304:1.90243743]
  set ytics ('' -2, '' -1.5, '' -1, '' -0.5, '' 0, '' 0.5, '' 1, '' 1.5) font ',7' offset 0.4,0
  set label 'HGRN2' at screen 0.83390,0.49245 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(16)):3 with points pt 9 ps 0.9*point lc rgb '#66C5AB', \
    data using (series(17)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  # panel 10
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.07286
  set rmargin at screen 0.36140
  set bmargin at screen 0.05940
  set tmargin at screen 0.25704
  set logscale x
  set xrange [21021.1898:8205889.84]
  set xtics ('' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1000000, '' 2000000 1, '' 3000000 1, '' 4000000 1, '' 5000000 1, '' 6000000 1, '' 7000000 1, '' 8000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-4.02680567:4.38166256]
  set ytics ('-4' -4, '-3' -3, '-2' -2, '-1' -1, '0' 0, '1' 1, '2' 2, '3' 3, '4' 4) font ',7' offset 0.4,0
  set label 'N [parameters, without' at screen 0.21713,0.03050 center font ',8' noenhanced front
  set label 'embeddings]' at screen 0.21713,0.01540 center font ',8' noenhanced front
  set label '100 (ln law - ln measured)' at screen 0.03159,0.15822 center rotate by 90 font ',8' noenhanced front
  set label 'cosFormer2' at screen 0.21713,0.26634 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(18)):3 with points pt 13 ps 0.9*point lc rgb '#E0AFCA', \
    data using (series(19)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  # panel 11
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.38124
  set rmargin at screen 0.66979
  set bmargin at screen 0.05940
  set tmargin at screen 0.25704
  set logscale x
  set xrange [932520.094:8753577.95]
  set xtics ('10^{6}' 1000000, '2×10^{6}' 2000000, '' 3000000 1, '' 4000000 1, '5×10^{6}' 5000000, '' 6000000 1, '' 7000000 1, '' 8000000 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-4.02680567:4.38166256]
  set ytics ('' -4, '' -3, '' -2, '' -1, '' 0, '' 1, '' 2, '' 3, '' 4) font ',7' offset 0.4,0
  set label 'D [training tokens]' at screen 0.52552,0.03050 center font ',8' noenhanced front
  set label 'cosFormer2' at screen 0.52552,0.26634 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(20)):3 with points pt 13 ps 0.9*point lc rgb '#E0AFCA', \
    data using (series(21)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  # panel 12
  unset label
  unset arrow
  unset object
  set lmargin at screen 0.68963
  set rmargin at screen 0.97817
  set bmargin at screen 0.05940
  set tmargin at screen 0.25704
  set logscale x
  set xrange [1.49747656e+11:5.60274124e+14]
  set xtics ('' 2e+11 1, '' 3e+11 1, '' 4e+11 1, '' 5e+11 1, '' 6e+11 1, '' 7e+11 1, '' 8e+11 1, '' 9e+11 1, '10^{12}' 1e+12, '' 2e+12 1, '' 3e+12 1, '' 4e+12 1, '' 5e+12 1, '' 6e+12 1, '' 7e+12 1, '' 8e+12 1, '' 9e+12 1, '10^{13}' 1e+13, '' 2e+13 1, '' 3e+13 1, '' 4e+13 1, '' 5e+13 1, '' 6e+13 1, '' 7e+13 1, '' 8e+13 1, '' 9e+13 1, '10^{14}' 1e+14, '' 2e+14 1, '' 3e+14 1, '' 4e+14 1, '' 5e+14 1) font ',7' offset 0,0.3
  unset logscale y
  set yrange [-4.02680567:4.38166256]
  set ytics ('' -4, '' -3, '' -2, '' -1, '' 0, '' 1, '' 2, '' 3, '' 4) font ',7' offset 0.4,0
  set label 'training compute C (paper' at screen 0.83390,0.03050 center font ',8' noenhanced front
  set label 'convention) [FLOP]' at screen 0.83390,0.01540 center font ',8' noenhanced front
  set label 'cosFormer2' at screen 0.83390,0.26634 center font ',8' noenhanced front
  set arrow from graph 0,first 0 to graph 1,first 0 nohead back lw 0.6 dt (4,3) lc rgb '#7A7A7A'
  plot \
    data using (series(22)):3 with points pt 13 ps 0.9*point lc rgb '#E0AFCA', \
    data using (series(23)):3:6:7 with yerrorbars lw 0.7 dt solid pt 7 ps 1.5*point lc rgb '#222222'
  unset multiplot
  set output
}
