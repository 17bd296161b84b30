# Draws law_surface.svg and law_surface.png from law_surface.csv: run `gnuplot law_surface.gp` in this folder.
data = 'law_surface.csv'
set encoding utf8
set datafile separator comma
# x of the rows of one series, nothing for the others
series(i) = column(1) == i ? column(2) : NaN
set logscale xy
set xrange [21426.4:1.93775e+07]
set xtics ('' 30000 1, '' 40000 1, '' 50000 1, '' 60000 1, '' 70000 1, '' 80000 1, '' 90000 1, '10^{5}' 100000, '' 200000 1, '' 300000 1, '' 400000 1, '' 500000 1, '' 600000 1, '' 700000 1, '' 800000 1, '' 900000 1, '10^{6}' 1e+06, '' 2e+06 1, '' 3e+06 1, '' 4e+06 1, '' 5e+06 1, '' 6e+06 1, '' 7e+06 1, '' 8e+06 1, '' 9e+06 1, '10^{7}' 1e+07)
set yrange [939226:8.69108e+06]
set ytics ('10^{6}' 1e+06, '2·10^{6}' 2e+06, '' 3e+06 1, '' 4e+06 1, '5·10^{6}' 5e+06, '' 6e+06 1, '' 7e+06 1, '' 8e+06 1)
set xlabel 'N [parameters, without embeddings]' noenhanced
set ylabel 'D [training tokens]' noenhanced
set grid xtics ytics lt 1 lc rgb '#DDDDDD' lw 0.5
set border lc rgb '#404040'
set tics nomirror
set key outside top center horizontal Left reverse samplen 1.6 spacing 1.05 opaque fillcolor rgb '#FFFFFF' font ',9'
set title font ',13'
do for [kind in 'svg png'] {
  if (kind eq 'svg') {
    set terminal svg size 1120,884 font 'DejaVu Sans,11' background '#FFFFFF'
  } else {
    set terminal pngcairo size 1792,1414 font 'DejaVu Sans,11' fontscale 1.60 linewidth 1.60 pointscale 1.60
  }
  set output 'law_surface.'.kind
  set multiplot layout 2,2 title 'The law L(N, D): lines of equal loss [nats/token]' noenhanced font ',14'
  set title 'llama' noenhanced
  unset label
  set label '1.64' at 2.41249e+06,1.02061e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.73' at 441070,1.02418e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.82' at 139923,1.03286e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.92' at 55846,1.13387e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.56' at 6.32858e+06,1.17837e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.48' at 6.32858e+06,1.57141e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.41' at 6.32858e+06,2.11654e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.34' at 6.32858e+06,3.03139e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.27' at 6.32858e+06,4.76739e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(0)):3 with points pt 7 ps 0.55 lc rgb '#8A8A8A' title 'observations' noenhanced, \
    data using (series(1)):3 with lines lw 1.4 lc rgb '#0072B2' notitle, \
    data using (series(2)):3 with lines lw 1.4 lc rgb '#137DB8' notitle, \
    data using (series(3)):3 with lines lw 1.4 lc rgb '#2687BE' notitle, \
    data using (series(4)):3 with lines lw 1.4 lc rgb '#3992C3' notitle, \
    data using (series(5)):3 with lines lw 1.4 lc rgb '#4D9CC9' notitle, \
    data using (series(6)):3 with lines lw 1.4 lc rgb '#60A7CF' notitle, \
    data using (series(7)):3 with lines lw 1.4 lc rgb '#73B1D5' notitle, \
    data using (series(8)):3 with lines lw 1.4 lc rgb '#86BCDA' notitle, \
    data using (series(9)):3 with lines lw 1.4 lc rgb '#99C7E0' notitle, \
    data using (series(10)):3 with lines lw 2.6 lc rgb '#222222' title 'best N and D for C = 6 N D' noenhanced
  set title 'tnl' noenhanced
  unset label
  set label '1.68' at 3.76457e+06,1.02534e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.98' at 277807,1.0278e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '2.15' at 135355,1.12831e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '2.34' at 75466.9,1.23866e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.83' at 682461,1.12831e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '2.54' at 46033.3,1.3598e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.55' at 6.4553e+06,1.40125e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.43' at 6.4553e+06,2.19687e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.31' at 6.4553e+06,3.98034e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(11)):3 with points pt 7 ps 0.55 lc rgb '#8A8A8A' title 'observations' noenhanced, \
    data using (series(12)):3 with lines lw 1.4 lc rgb '#D55E00' notitle, \
    data using (series(13)):3 with lines lw 1.4 lc rgb '#D86A13' notitle, \
    data using (series(14)):3 with lines lw 1.4 lc rgb '#DB7626' notitle, \
    data using (series(15)):3 with lines lw 1.4 lc rgb '#DE8239' notitle, \
    data using (series(16)):3 with lines lw 1.4 lc rgb '#E28E4D' notitle, \
    data using (series(17)):3 with lines lw 1.4 lc rgb '#E59A60' notitle, \
    data using (series(18)):3 with lines lw 1.4 lc rgb '#E8A673' notitle, \
    data using (series(19)):3 with lines lw 1.4 lc rgb '#EBB386' notitle, \
    data using (series(20)):3 with lines lw 1.4 lc rgb '#EEBF99' notitle, \
    data using (series(21)):3 with lines lw 2.6 lc rgb '#222222' title 'best N and D for C = 6 N D' noenhanced
  set title 'hgrn2' noenhanced
  unset label
  set label '1.51' at 3.64476e+06,1.02138e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.59' at 918273,1.02778e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.76' at 127303,1.02852e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.67' at 319132,1.1291e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.86' at 53169.7,1.1291e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.43' at 6.32627e+06,1.30432e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.36' at 6.32627e+06,1.86999e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.29' at 6.32627e+06,2.85534e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.22' at 6.32627e+06,4.76967e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(22)):3 with points pt 7 ps 0.55 lc rgb '#8A8A8A' title 'observations' noenhanced, \
    data using (series(23)):3 with lines lw 1.4 lc rgb '#009E73' notitle, \
    data using (series(24)):3 with lines lw 1.4 lc rgb '#13A57E' notitle, \
    data using (series(25)):3 with lines lw 1.4 lc rgb '#26AD88' notitle, \
    data using (series(26)):3 with lines lw 1.4 lc rgb '#39B493' notitle, \
    data using (series(27)):3 with lines lw 1.4 lc rgb '#4DBB9D' notitle, \
    data using (series(28)):3 with lines lw 1.4 lc rgb '#60C2A8' notitle, \
    data using (series(29)):3 with lines lw 1.4 lc rgb '#73CAB2' notitle, \
    data using (series(30)):3 with lines lw 1.4 lc rgb '#86D1BD' notitle, \
    data using (series(31)):3 with lines lw 1.4 lc rgb '#99D8C7' notitle, \
    data using (series(32)):3 with lines lw 2.6 lc rgb '#222222' title 'best N and D for C = 6 N D' noenhanced
  set title 'cosformer2' noenhanced
  unset label
  set label '1.86' at 791746,1.02375e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.96' at 173351,1.02437e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '2.07' at 64876.8,1.12455e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.77' at 6.46349e+06,1.08508e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.68' at 6.46349e+06,1.34821e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.6' at 6.46349e+06,1.69108e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.52' at 6.46349e+06,2.21788e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.44' at 6.46349e+06,3.10893e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  set label '1.37' at 6.46349e+06,4.56135e+06 left offset 0.6,0 font ',9' textcolor rgb '#404040' noenhanced front
  plot \
    data using (series(33)):3 with points pt 7 ps 0.55 lc rgb '#8A8A8A' title 'observations' noenhanced, \
    data using (series(34)):3 with lines lw 1.4 lc rgb '#CC79A7' notitle, \
    data using (series(35)):3 with lines lw 1.4 lc rgb '#D083AE' notitle, \
    data using (series(36)):3 with lines lw 1.4 lc rgb '#D48DB4' notitle, \
    data using (series(37)):3 with lines lw 1.4 lc rgb '#D797BB' notitle, \
    data using (series(38)):3 with lines lw 1.4 lc rgb '#DBA1C1' notitle, \
    data using (series(39)):3 with lines lw 1.4 lc rgb '#DFABC8' notitle, \
    data using (series(40)):3 with lines lw 1.4 lc rgb '#E3B5CF' notitle, \
    data using (series(41)):3 with lines lw 1.4 lc rgb '#E7BFD5' notitle, \
    data using (series(42)):3 with lines lw 1.4 lc rgb '#EBC9DC' notitle, \
    data using (series(43)):3 with lines lw 2.6 lc rgb '#222222' title 'best N and D for C = 6 N D' noenhanced
  unset multiplot
  set output
}
