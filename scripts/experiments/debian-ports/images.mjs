// Images as people build them of Debian packages, with what has to run in them. Nothing here was chosen for being easy to
// port: servers start and answer, compilers compile and their programs run, interpreters load native modules.

const get = (url) => `curl --silent --show-error --retry 20 --retry-delay 1 --retry-connrefused ${url}`;

/**
 * `packages` are installed without recommended ones; `setup` runs in the image afterwards, as a Dockerfile's RUN would.
 * Each check is a shell script and what its output has to hold. `layered` images keep the release's base image below a
 * layer of their own, the others are one layer; `slim` ones leave out documentation as dpkg is told to in slim images.
 */
export const images = [
  // Servers
  {
    name: 'nginx',
    release: 'bookworm',
    layered: true,
    packages: 'nginx curl',
    setup: 'useradd --system app && echo "<h1>ours</h1>" > /var/www/html/index.html',
    checks: [
      ['nginx -t', 'test is successful'],
      [`nginx && ${get('http://127.0.0.1/')}`, '<h1>ours</h1>'],
    ],
  },
  {
    name: 'apache-php',
    release: 'bookworm',
    packages: 'apache2 libapache2-mod-php php-mysql php-gd php-xml php-mbstring curl',
    setup:
      "a2enmod rewrite headers && echo \"<?php echo PHP_VERSION, extension_loaded('gd') ? ' with gd' : '';\" > /var/www/html/info.php",
    checks: [
      ['apache2ctl configtest', 'Syntax OK'],
      [`apache2ctl start && ${get('http://127.0.0.1/info.php')}`, ' with gd'],
    ],
  },
  {
    name: 'lighttpd',
    release: 'trixie',
    slim: true,
    packages: 'lighttpd lighttpd-mod-openssl curl',
    checks: [
      ['lighttpd -tt -f /etc/lighttpd/lighttpd.conf && echo valid', 'valid'],
      [`lighttpd -f /etc/lighttpd/lighttpd.conf && ${get('--head http://127.0.0.1/')}`, 'lighttpd'],
    ],
  },
  {
    name: 'haproxy',
    release: 'bookworm',
    packages: 'haproxy curl',
    setup:
      "printf 'frontend stats\\n  bind 127.0.0.1:8404\\n  stats enable\\n  stats uri /\\n' >> /etc/haproxy/haproxy.cfg",
    checks: [
      ['haproxy -vv', 'OpenSSL'],
      [
        `mkdir -p /run/haproxy && haproxy -D -f /etc/haproxy/haproxy.cfg && ${get('http://127.0.0.1:8404/')}`,
        'Statistics Report',
      ],
    ],
  },
  {
    name: 'varnish',
    release: 'bookworm',
    packages: 'varnish curl',
    checks: [
      ['varnishd -V', 'varnish-7'],
      ['varnishd -C -b 127.0.0.1:8080 2>&1', 'VGC_function_vcl_recv'],
    ],
  },
  {
    name: 'squid',
    release: 'trixie',
    packages: 'squid',
    checks: [
      ['squid --version', 'Squid Cache: Version 6'],
      ['squid -k parse', 'Processing Configuration File'],
    ],
  },
  {
    name: 'postfix-dovecot',
    release: 'bookworm',
    packages: 'postfix dovecot-imapd dovecot-lmtpd',
    checks: [
      ['postconf mail_version', 'mail_version = 3.7'],
      ['postfix check && echo fine', 'fine'],
      ['doveconf -n', 'protocols'],
      ['doveadm pw -s SHA512-CRYPT -p secret', '{SHA512-CRYPT}'],
    ],
  },
  {
    name: 'exim',
    release: 'trixie',
    packages: 'exim4-daemon-heavy',
    checks: [
      ['exim4 -bV', 'Exim version 4.98'],
      ["exim4 -be '$tod_epoch'", '1'],
    ],
  },
  {
    name: 'bind9',
    release: 'bookworm',
    slim: true,
    packages: 'bind9 bind9-dnsutils',
    checks: [
      ['named-checkconf -z', 'loaded serial'],
      ['named -u bind && sleep 5 && dig +short @127.0.0.1 localhost', '127.0.0.1'],
    ],
  },
  {
    name: 'unbound-dnsmasq',
    release: 'trixie',
    packages: 'unbound dnsmasq-base ldnsutils',
    checks: [
      ['unbound -V', 'Version 1.'],
      ['echo server: > /tmp/unbound.conf && unbound-checkconf /tmp/unbound.conf', 'no errors'],
      ['dnsmasq --test', 'syntax check OK'],
    ],
  },
  {
    name: 'openvpn-wireguard',
    release: 'bookworm',
    packages: 'openvpn wireguard-tools easy-rsa iptables nftables',
    checks: [
      ['openvpn --genkey secret /tmp/key && cat /tmp/key', 'OpenVPN Static key V1'],
      ['wg genkey | wc -c', '45'],
      ['openvpn --show-ciphers', 'AES-256-GCM'],
    ],
  },
  {
    name: 'openssh-server',
    release: 'trixie',
    layered: true,
    packages: 'openssh-server rsync sudo cron logrotate',
    setup: 'useradd --create-home deploy && echo "deploy ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/deploy',
    checks: [
      ['mkdir -p /run/sshd && sshd -t && echo valid', 'valid'],
      ['ssh -V', 'OpenSSH_10'],
      ['su deploy -c "sudo -n id -u"', '0'],
      ['mkdir -p /run/sshd && $(command -v sshd) && ssh-keyscan 127.0.0.1', 'ssh-ed25519'],
    ],
  },
  {
    name: 'samba',
    release: 'bookworm',
    packages: 'samba smbclient',
    checks: [
      ['smbd --version', 'Version 4.17'],
      ['testparm -s', 'Loaded services file OK'],
    ],
  },
  {
    name: 'openldap',
    release: 'trixie',
    packages: 'slapd ldap-utils',
    checks: [
      ['slapcat', 'dn: dc='],
      [
        'mkdir -p /run/slapd && chown openldap /run/slapd && slapd -h ldap://127.0.0.1/ -u openldap -g openldap -F /etc/ldap/slapd.d && sleep 3 && ldapsearch -x -H ldap://127.0.0.1/ -b "" -s base namingContexts',
        'namingContexts: dc=',
      ],
    ],
  },
  {
    name: 'tor-privoxy',
    release: 'trixie',
    slim: true,
    packages: 'tor privoxy',
    checks: [
      ['tor --verify-config', 'Configuration was valid'],
      ['privoxy --version', 'Privoxy version'],
    ],
  },
  {
    name: 'mosquitto',
    release: 'bookworm',
    layered: true,
    slim: true,
    packages: 'mosquitto mosquitto-clients',
    checks: [
      [
        'mosquitto -d && sleep 2 && { mosquitto_sub -t greeting -C 1 -W 20 & sleep 2; mosquitto_pub -t greeting -m hello; wait; }',
        'hello',
      ],
    ],
  },
  {
    name: 'vsftpd-rsyslog',
    release: 'bookworm',
    packages: 'vsftpd rsyslog supervisor fail2ban',
    checks: [
      ['rsyslogd -v', 'rsyslogd  8.'],
      ['supervisord --version', '4.2'],
      ['fail2ban-client --version', '1.0'],
      ['vsftpd -v 0>&1', 'version 3'],
    ],
  },
  {
    name: 'prometheus',
    release: 'bookworm',
    packages: 'prometheus prometheus-node-exporter curl',
    checks: [
      ['promtool check config /etc/prometheus/prometheus.yml', 'SUCCESS'],
      [
        `(prometheus-node-exporter > /dev/null 2>&1 &) ; ${get('http://127.0.0.1:9100/metrics')}`,
        'go_goroutines',
      ],
    ],
  },
  {
    name: 'pxe-server',
    release: 'bookworm',
    packages: 'dnsmasq pxelinux syslinux-common ipxe tftpd-hpa',
    checks: [
      ['dnsmasq --test', 'syntax check OK'],
      ['in.tftpd --version', 'tftp-hpa'],
    ],
  },
  // Databases
  {
    name: 'redis',
    release: 'bookworm',
    layered: true,
    packages: 'redis-server',
    checks: [['redis-server --daemonize yes > /dev/null && sleep 2 && redis-cli ping', 'PONG']],
  },
  {
    name: 'postgresql',
    release: 'bookworm',
    packages: 'postgresql postgresql-15-postgis-3 locales',
    setup:
      'pg_ctlcluster 15 main start && su postgres -c "psql -c \'create table t as select generate_series(1, 5000) as n\'" && su postgres -c "psql -c \'create index on t(n)\'" && pg_ctlcluster 15 main stop',
    checks: [
      ['psql --version', '(PostgreSQL) 15'],
      [
        'pg_ctlcluster 15 main start && su postgres -c "psql -Atc \'select sum(n), version() from t\'"',
        '12502500|PostgreSQL 15',
      ],
      [
        "pg_ctlcluster 15 main start; su postgres -c \"psql -Atc 'create extension postgis' -c 'select ST_Area(ST_MakeEnvelope(0,0,2,3))'\"",
        '6',
      ],
    ],
  },
  {
    name: 'postgresql-17',
    release: 'trixie',
    layered: true,
    packages: 'postgresql postgresql-contrib',
    checks: [['pg_ctlcluster 17 main start && su postgres -c "psql -Atc \'select 6 * 7\'"', '42']],
  },
  {
    name: 'mariadb',
    release: 'bookworm',
    packages: 'mariadb-server',
    checks: [
      ['mariadbd --version', 'MariaDB'],
      [
        'mkdir -p /run/mysqld && chown mysql /run/mysqld; (mariadbd --user=mysql > /tmp/log 2>&1 &) ; for i in $(seq 60); do mariadb -e "select 6*7 as answer" 2> /dev/null && exit; sleep 1; done; cat /tmp/log; exit 1',
        '42',
      ],
    ],
  },
  {
    name: 'memcached-sqlite',
    release: 'trixie',
    slim: true,
    packages: 'memcached sqlite3 netcat-openbsd',
    checks: [
      [
        "memcached -d -u memcache && sleep 2 && printf 'version\\r\\nquit\\r\\n' | nc 127.0.0.1 11211",
        'VERSION 1.6',
      ],
      ['sqlite3 :memory: "select sqlite_version(), json_array(1, 2)"', '|[1,2]'],
    ],
  },
  {
    name: 'rabbitmq',
    release: 'bookworm',
    packages: 'rabbitmq-server',
    checks: [
      ['rabbitmqctl --version || rabbitmqctl version', '3.10'],
      ['erl -noshell -eval \'io:format("~p", [crypto:hash(md5, "a")]), halt().\'', '<<12,193,117'],
    ],
  },
  {
    name: 'etcd-zookeeper',
    release: 'bookworm',
    packages: 'etcd-server etcd-client zookeeper curl',
    checks: [
      ['etcd --version', 'etcd Version: 3.4'],
      [`(cd /tmp && etcd > log 2>&1 &) ; ${get('http://127.0.0.1:2379/version')}`, 'etcdserver'],
      ['ls /usr/share/java/zookeeper.jar', 'zookeeper.jar'],
    ],
  },
  // Languages
  {
    name: 'python-science',
    release: 'bookworm',
    packages: 'python3 python3-numpy python3-scipy python3-pandas python3-matplotlib',
    checks: [
      [
        'python3 -c "import ssl, sqlite3, numpy, scipy.linalg; print(scipy.linalg.det(numpy.eye(3) * 2))"',
        '8.0',
      ],
      ['python3 -c "import pandas; print(pandas.DataFrame({\'a\': [1, 2, 3]}).a.sum())"', '6'],
      [
        "python3 -c \"import matplotlib; matplotlib.use('Agg'); import matplotlib.pyplot as p; p.plot([1, 2]); p.savefig('/tmp/p.png'); print(open('/tmp/p.png', 'rb').read(4))\"",
        'PNG',
      ],
    ],
  },
  {
    name: 'python-web',
    release: 'trixie',
    layered: true,
    packages: 'python3-flask gunicorn python3-psycopg2 python3-redis python3-lxml python3-pil curl',
    setup:
      "mkdir /app && printf \"from flask import Flask\\nimport psycopg2, lxml.etree, PIL.Image\\napp = Flask(__name__)\\n@app.get('/')\\ndef root():\\n    return 'hello from flask'\\n\" > /app/hello.py",
    checks: [
      [
        `(gunicorn --chdir /app --bind 127.0.0.1:8000 hello:app > /tmp/log 2>&1 &) ; ${get('http://127.0.0.1:8000/')}`,
        'hello from flask',
      ],
    ],
  },
  {
    name: 'python-build',
    release: 'bookworm',
    packages: 'python3-dev python3-pip python3-venv build-essential pkg-config libffi-dev libssl-dev',
    checks: [
      ['python3 -m venv /tmp/v && /tmp/v/bin/python -m pip --version', 'pip 23'],
      ['python3-config --includes', 'python3.11'],
      [
        'printf "#include <Python.h>\\nint main(void){Py_Initialize();PyRun_SimpleString(\\"print(6*7)\\");return Py_FinalizeEx();}" > /tmp/e.c && gcc /tmp/e.c $(python3-config --includes --ldflags --embed) -o /tmp/e && /tmp/e',
        '42',
      ],
    ],
  },
  {
    name: 'django-uwsgi',
    release: 'bookworm',
    slim: true,
    packages: 'python3-django uwsgi-core uwsgi-plugin-python3 python3-mysqldb',
    checks: [
      ['django-admin version', '3.2'],
      ['uwsgi --plugin python3 --version', '2.0'],
      ['python3 -c "import MySQLdb; print(MySQLdb.__name__)"', 'MySQLdb'],
    ],
  },
  {
    name: 'nodejs',
    release: 'bookworm',
    packages: 'nodejs npm',
    checks: [
      [
        "node -p \"process.version + crypto.createHash('md5').update('a').digest('hex')\"",
        '0cc175b9c0f1b6a831c399e269772661',
      ],
      ['npm --version', '9.'],
    ],
  },
  {
    name: 'nodejs-20',
    release: 'trixie',
    layered: true,
    slim: true,
    packages: 'nodejs curl tini',
    setup:
      "mkdir /srv/app && echo \"require('http').createServer((q, s) => s.end('hello from node')).listen(3000)\" > /srv/app/server.js",
    checks: [[`(node /srv/app/server.js &) ; ${get('http://127.0.0.1:3000/')}`, 'hello from node']],
  },
  {
    name: 'php-fpm',
    release: 'trixie',
    packages: 'php-fpm php-cli php-pgsql php-intl php-curl php-zip php-redis php-imagick composer',
    checks: [
      ['php-fpm8.4 -t', 'test is successful'],
      ['php -r \'echo (new NumberFormatter("de", 1))->format(1234.5);\'', '1.234,5'],
      ['php -m', 'imagick'],
      ['composer --version --no-interaction', 'Composer version 2'],
    ],
  },
  {
    name: 'ruby',
    release: 'bookworm',
    packages: 'ruby ruby-dev ruby-nokogiri ruby-pg puma bundler',
    checks: [
      [
        'ruby -e \'require "openssl"; require "nokogiri"; puts Nokogiri::XML("<a>b</a>").text, RUBY_PLATFORM\'',
        'b',
      ],
      ['ruby -rpg -e "puts PG::VERSION"', '1.'],
      ['puma --version', 'puma version 5'],
    ],
  },
  {
    name: 'perl-web',
    release: 'trixie',
    packages:
      'perl libdbi-perl libdbd-sqlite3-perl libxml-libxml-perl libmojolicious-perl libjson-xs-perl libev-perl',
    checks: [
      ['perl -MDBI -e \'print DBI->connect("dbi:SQLite::memory:")->selectrow_array("select 6*7")\'', '42'],
      [
        'perl -MJSON::XS -MXML::LibXML -e \'print encode_json([1]), XML::LibXML->load_xml(string => "<a>b</a>")->documentElement->textContent\'',
        '[1]b',
      ],
      ["perl -MMojolicious -MEV -e 'print Mojolicious->VERSION'", '9.'],
    ],
  },
  {
    name: 'java-jre',
    release: 'bookworm',
    layered: true,
    packages: 'default-jre-headless ca-certificates-java',
    checks: [
      ['java -version', 'openjdk version "17'],
      ['java -XshowSettings:properties -version', 'os.arch'],
      ['keytool -list -cacerts -storepass changeit', 'Your keystore contains'],
    ],
  },
  {
    name: 'java-maven',
    release: 'trixie',
    packages: 'default-jdk-headless maven git',
    checks: [
      ['mvn --version', 'Apache Maven 3'],
      [
        'cd /tmp && echo "class H { public static void main(String[] a) { System.out.println(6 * 7); } }" > H.java && javac H.java && java H',
        '42',
      ],
    ],
  },
  {
    name: 'tomcat',
    release: 'bookworm',
    packages: 'tomcat10 curl',
    checks: [
      ['/usr/share/tomcat10/bin/version.sh', 'Apache Tomcat/10'],
      [
        `cd /var/lib/tomcat10 && CATALINA_HOME=/usr/share/tomcat10 CATALINA_BASE=/var/lib/tomcat10 /usr/share/tomcat10/bin/catalina.sh start && curl --silent --retry 60 --retry-delay 2 --retry-connrefused http://127.0.0.1:8080/`,
        'It works',
      ],
    ],
  },
  {
    name: 'gcc',
    release: 'bookworm',
    packages: 'build-essential cmake ninja-build autoconf automake libtool gdb',
    checks: [
      [
        'printf "#include <math.h>\nint main(void){return 6 * 7 - (int)sqrt(1764.0);}" > /tmp/h.c && gcc -O2 /tmp/h.c -o /tmp/h -lm && /tmp/h && echo returned 0',
        'returned 0',
      ],
      [
        'printf "#include <iostream>\\nint main(){std::cout<<6*7;}" > /tmp/h.cc && g++ /tmp/h.cc -o /tmp/hh && /tmp/hh',
        '42',
      ],
      ['cmake --version', 'cmake version 3.25'],
      ['gdb --version', 'GNU gdb'],
    ],
  },
  {
    name: 'clang',
    release: 'trixie',
    packages: 'clang lld lldb libc++-dev libc++abi-dev make',
    checks: [
      [
        'printf "#include <vector>\\n#include <cstdio>\\nint main(){std::vector<int> v{6,7};std::printf(\\"%%d\\",v[0]*v[1]);}" > /tmp/h.cc && clang++ -stdlib=libc++ -fuse-ld=lld /tmp/h.cc -o /tmp/h && /tmp/h',
        '42',
      ],
      ['lldb --version', 'lldb version 19'],
    ],
  },
  {
    name: 'golang',
    release: 'bookworm',
    packages: 'golang-go git ca-certificates',
    checks: [
      ['go version', 'go1.19'],
      [
        'cd /tmp && printf "package main\\nimport \\"fmt\\"\\nfunc main() { fmt.Println(6 * 7) }\\n" > h.go && HOME=/tmp go run h.go',
        '42',
      ],
    ],
  },
  {
    name: 'rust',
    release: 'trixie',
    packages: 'rustc cargo gcc libc6-dev',
    checks: [
      [
        'echo "fn main() { println!(\\"{}\\", 6 * 7); }" > /tmp/h.rs && rustc /tmp/h.rs -o /tmp/h && /tmp/h',
        '42',
      ],
      ['cargo --version', 'cargo 1.'],
    ],
  },
  {
    name: 'haskell',
    release: 'bookworm',
    slim: true,
    packages: 'ghc cabal-install',
    checks: [
      ['ghc --version', 'version 9.0'],
      ['cd /tmp && echo "main = print (6 * 7)" > h.hs && ghc -v0 h.hs && ./h', '42'],
    ],
  },
  {
    name: 'lisps',
    release: 'trixie',
    packages: 'sbcl guile-3.0 clisp emacs-nox',
    checks: [
      ["sbcl --noinform --eval '(progn (print (* 6 7)) (quit))'", '42'],
      ["guile -c '(display (* 6 7))'", '42'],
      ["clisp -q -x '(* 6 7)'", '42'],
      ["emacs --batch --eval '(princ (* 6 7))'", '42'],
    ],
  },
  {
    name: 'ocaml-erlang',
    release: 'trixie',
    packages: 'ocaml-nox opam elixir',
    checks: [
      [
        'cd /tmp && echo "let () = print_int (6 * 7)" > h.ml && ocamlfind ocamlopt h.ml -o h 2> /dev/null || ocamlopt h.ml -o h && ./h',
        '42',
      ],
      // QEMU's user emulation can't map the just-in-time compiler's code twice.
      ["ERL_FLAGS='+JMsingle true' elixir -e 'IO.puts(6 * 7)'", '42'],
    ],
  },
  {
    name: 'script-languages',
    release: 'bookworm',
    packages: 'lua5.4 luajit lua-socket tcl tclsh gawk jq php-cli swi-prolog-nox',
    checks: [
      ['lua5.4 -e "print(6 * 7)"', '42'],
      ['luajit -e \'local s = require "socket"; print(s._VERSION, jit.arch)\'', 'LuaSocket'],
      ["echo 'puts [expr 6*7]' | tclsh", '42'],
      ['echo \'{"a": 42}\' | jq .a', '42'],
      ["swipl -g 'X is 6*7, print(X), nl' -t halt", '42'],
    ],
  },
  {
    name: 'mono',
    release: 'bookworm',
    packages: 'mono-runtime mono-mcs ca-certificates-mono',
    checks: [
      [
        'cd /tmp && echo "class H { static void Main() { System.Console.WriteLine(6 * 7); } }" > h.cs && mcs h.cs && mono h.exe',
        '42',
      ],
    ],
  },
  // Science and documents
  {
    name: 'r-base',
    release: 'bookworm',
    packages: 'r-base-core r-cran-ggplot2 r-cran-dplyr',
    checks: [
      ["Rscript -e 'print(round(coef(lm(dist ~ speed, cars)), 2))'", '-17.58'],
      ["Rscript -e 'suppressMessages(library(dplyr)); print(nrow(filter(iris, Sepal.Length > 5)))'", '118'],
    ],
  },
  {
    name: 'octave-maxima',
    release: 'bookworm',
    packages: 'octave maxima gnuplot-nox',
    checks: [
      ['octave-cli --eval "disp(det(magic(3)))"', '-360'],
      ["maxima --very-quiet --batch-string='integrate(x^2, x, 0, 3);'", '9'],
      ['gnuplot -e "print 6*7"', '42'],
    ],
  },
  {
    name: 'gdal',
    release: 'trixie',
    packages: 'gdal-bin python3-gdal proj-bin',
    checks: [
      ['gdalinfo --version', 'GDAL 3.10'],
      ['python3 -c "from osgeo import gdal; print(gdal.GetDriverByName(\'GTiff\').LongName)"', 'GeoTIFF'],
      ['echo "12 55" | cs2cs EPSG:4326 EPSG:3857', '6122'],
    ],
  },
  {
    name: 'media',
    release: 'bookworm',
    packages: 'ffmpeg imagemagick sox libsox-fmt-mp3 mediainfo',
    checks: [
      [
        'ffmpeg -hide_banner -loglevel error -f lavfi -i testsrc=duration=1:size=64x64 -c:v libx264 /tmp/t.mp4 && ffprobe -hide_banner /tmp/t.mp4',
        'h264',
      ],
      ['convert -size 8x8 xc:red /tmp/r.png && identify /tmp/r.png', 'PNG 8x8'],
      ['sox --version', 'SoX'],
    ],
  },
  {
    name: 'documents',
    release: 'trixie',
    packages: 'pandoc graphviz ghostscript poppler-utils tesseract-ocr qpdf',
    checks: [
      ["echo '# Title' | pandoc -t html", '<h1 id="title">Title</h1>'],
      ["echo 'digraph { a -> b }' | dot -Tsvg", '</svg>'],
      ['gs --version', '10.'],
      ['tesseract --version', 'tesseract 5'],
      ['pdfinfo -v', 'poppler'],
    ],
  },
  {
    name: 'texlive',
    release: 'bookworm',
    slim: true,
    packages: 'texlive-latex-base texlive-fonts-recommended',
    checks: [
      [
        "cd /tmp && printf '\\\\documentclass{article}\\\\begin{document}hello\\\\end{document}' > h.tex && pdflatex h.tex",
        'Output written on h.pdf',
      ],
    ],
  },
  {
    name: 'libreoffice',
    release: 'bookworm',
    packages: 'libreoffice-writer-nogui fonts-dejavu-core',
    checks: [
      [
        'cd /tmp && echo hello > h.txt && HOME=/tmp soffice --headless --convert-to pdf h.txt && head -c 5 h.pdf',
        '%PDF-',
      ],
    ],
  },
  {
    name: 'chromium',
    release: 'trixie',
    packages: 'chromium fonts-liberation xvfb xauth',
    checks: [
      ['chromium --version', 'Chromium'],
      ['Xvfb -version 2>&1; Xvfb -help 2>&1', 'use: X'],
    ],
  },
  // Tools
  {
    name: 'git-tools',
    release: 'bookworm',
    packages: 'git git-lfs subversion mercurial openssh-client gnupg',
    checks: [
      [
        'cd /tmp && git init -q r && cd r && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first && git log --format=%s',
        'first',
      ],
      ['git lfs version', 'git-lfs/3'],
      ['svn --version --quiet', '1.14'],
      ['hg version --quiet', 'Mercurial'],
      ['gpg --version', 'gpg (GnuPG) 2.2'],
    ],
  },
  {
    name: 'editors',
    release: 'trixie',
    packages: 'vim tmux zsh fish htop mc less nano',
    checks: [
      ['vim -es -c "put =6*7" -c "%print" -c "q!"', '42'],
      ['tmux -V', 'tmux 3.5'],
      ['zsh -c "echo $((6 * 7)) $ZSH_VERSION"', '42'],
      ['fish -c "math 6 x 7"', '42'],
    ],
  },
  {
    name: 'ansible',
    release: 'trixie',
    packages: 'ansible-core python3-kubernetes openssh-client sshpass',
    checks: [
      ['ansible localhost -m ansible.builtin.command -a "echo hello from ansible"', 'hello from ansible'],
    ],
  },
  {
    name: 'network-tools',
    release: 'bookworm',
    packages: 'iputils-ping mtr-tiny nmap tcpdump iproute2 traceroute fping socat libcap2-bin',
    checks: [
      ['ping -c 1 127.0.0.1', '1 received'],
      ['getcap /usr/bin/ping', 'cap_net_raw'],
      ['nmap --version', 'Nmap version 7.93'],
      ['tcpdump --version', 'libpcap'],
    ],
  },
  {
    name: 'systemd',
    release: 'trixie',
    packages: 'systemd systemd-sysv dbus udev kmod pciutils usbutils dmidecode lshw',
    checks: [
      ['systemctl --version', 'systemd 257'],
      ['systemd-escape "a b"', 'a\\x20b'],
      ['udevadm --version', '257'],
      ['dbus-daemon --version', 'D-Bus Message Bus Daemon'],
    ],
  },
  {
    name: 'containers',
    release: 'bookworm',
    packages: 'podman buildah skopeo crun',
    checks: [
      ['podman --version', 'podman version 4.3'],
      ['skopeo --version', 'skopeo version 1.9'],
      ['crun --version', 'crun version 1.8'],
    ],
  },
  {
    name: 'embedded',
    release: 'bookworm',
    packages: 'gcc-arm-none-eabi libnewlib-arm-none-eabi openocd make',
    checks: [
      [
        "printf 'int f(int a) { return a + 1; }' > /tmp/f.c && arm-none-eabi-gcc -mcpu=cortex-m4 -c /tmp/f.c -o /tmp/f.o && arm-none-eabi-objdump -f /tmp/f.o",
        'elf32-littlearm',
      ],
      ['openocd --version', 'Open On-Chip Debugger'],
    ],
  },
  {
    name: 'mingw',
    release: 'trixie',
    packages: 'gcc-mingw-w64-x86-64 make nsis',
    checks: [
      [
        "printf 'int main(void) { return 0; }' > /tmp/h.c && x86_64-w64-mingw32-gcc /tmp/h.c -o /tmp/h.exe && head -c 2 /tmp/h.exe",
        'MZ',
      ],
    ],
  },
  {
    name: 'clamav',
    release: 'bookworm',
    packages: 'clamav clamav-daemon spamassassin',
    checks: [
      ['clamscan --version', 'ClamAV'],
      ['spamassassin --version', 'SpamAssassin version 4'],
    ],
  },
];
