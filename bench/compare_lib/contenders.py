"""Who is measured: the floor, the peers as a careful operator tunes them, and wsgw. Each on a free port."""
import dataclasses
import resource
import shutil
import typing

from compare_lib.world import PROXY_CORE, Process, free_port

# With its default of 4 KiB, nginx would be a straw man from 256 bytes x 32 on; HAProxy's default is 16 KiB.
NGINX = """daemon off; master_process off; worker_processes 1; error_log stderr; pid {folder}/nginx-{port}.pid;
events {{ worker_connections {descriptors}; }}
http {{
  access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} {tls} backlog=4096;
    {certificate}
    location / {{
      proxy_pass http://{upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
      proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;
      proxy_read_timeout 1h;
    }}
  }}
}}
"""
HAPROXY = """global
  nbthread 1
  maxconn {sessions}
  tune.bufsize 65536
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend clients
  bind 127.0.0.1:{port} {tls}
  default_backend echo
backend echo
  server echo {upstream}
"""
CADDY = """{{
  admin off
  auto_https off
}}
:{port} {{
  bind 127.0.0.1
  reverse_proxy {upstream}
}}
"""
WSGW = """{more}
workers = 1
[[listener]]
bind = "127.0.0.1:0"
{tls}
[admin]
bind = ""
[log]
access = "off"
format = "json"
{services}
"""


def descriptors():
    """How many a process may have open; raised for those that are started here."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(hard, 65_536) - 100  # nginx makes room for all of them when it starts


@dataclasses.dataclass
class Running:
    """A contender at work."""
    process: Process
    url: str


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    start: typing.Callable  # (world, {service: upstream}, certificate or None) -> Running
    is_peer: bool = False
    package: str = ""  # of Debian
    program: str = ""
    version: tuple = ()  # the command that tells it
    by_tls: bool = True
    of_services: bool = False  # can spread a client over several
    of_one_client: bool = False  # differs from others only where one client waits for each answer

    def takes_part(self, cell):
        return not self.of_one_client or (cell.clients, cell.in_flight) == (1, 1)

    def installed(self):
        return not self.package or shutil.which(self.program) is not None


def url_of(port, certificate):
    return f"{'wss' if certificate else 'ws'}://127.0.0.1:{port}/ws"


def start_relay(world, upstreams, _):
    relay = world.start(PROXY_CORE, "relay", world.relay, *upstreams.values())
    address, = relay.wait_for_json(lambda line: line.get("address"))
    return Running(relay, f"ws://{address}/ws")


def start_nginx(world, upstreams, certificate):
    port, (upstream,) = free_port(), upstreams.values()
    told = f"ssl_certificate {certificate[0]}; ssl_certificate_key {certificate[1]};" if certificate else ""
    conf = world.file("nginx.conf", NGINX.format(folder=world.folder, port=port, upstream=upstream, certificate=told,
                                                 tls="ssl" if certificate else "", descriptors=descriptors()))
    nginx = world.start(PROXY_CORE, "nginx", "nginx", "-e", "stderr", "-c", conf)
    nginx.wait_for_port(port)
    return Running(nginx, url_of(port, certificate))


def start_haproxy(world, upstreams, certificate):
    port, (upstream,) = free_port(), upstreams.values()
    conf = world.file("haproxy.cfg", HAPROXY.format(port=port, upstream=upstream, sessions=descriptors() // 2 - 100,
                                                    tls=f"ssl crt {certificate[2]}" if certificate else ""))
    haproxy = world.start(PROXY_CORE, "haproxy", "haproxy", "-db", "-f", conf)
    haproxy.wait_for_port(port)
    return Running(haproxy, url_of(port, certificate))


def start_caddy(world, upstreams, _):
    port, (upstream,) = free_port(), upstreams.values()
    conf = world.file("Caddyfile", CADDY.format(port=port, upstream=upstream))
    caddy = world.start(PROXY_CORE, "caddy", "caddy", "run", "--config", conf, "--adapter", "caddyfile")
    caddy.wait_for_port(port)
    return Running(caddy, url_of(port, None))


def wsgw(name, more="", **kind):
    def start(world, upstreams, certificate):
        services = "\n".join(f'[services.{service}]\ninstances = ["{at}"]' for service, at in upstreams.items())
        tls = f'tls = {{ cert = "{certificate[0]}", key = "{certificate[1]}" }}' if certificate else ""
        conf = world.file("wsgw.toml", WSGW.format(tls=tls, more=more, services=services))
        gateway = world.start(PROXY_CORE, name, world.wsgw, "serve", "-c", conf)
        address, = gateway.wait_for_json(lambda line: line.get("for") == "clients" and line["address"])
        gateway.wait_for_json(lambda line: line.get("event") == "ready")
        return Running(gateway, url_of(address.rsplit(":", 1)[1], certificate))
    return Contender(name, start, of_services=True, **kind)


FLOOR, OURS, SPINNING = "relay", "wsgw", "wsgw spin"
ALL = (
    Contender(FLOOR, start_relay, by_tls=False, of_services=True),
    Contender("nginx", start_nginx, True, "nginx-light", "nginx", ("nginx", "-v")),
    Contender("haproxy", start_haproxy, True, "haproxy", "haproxy", ("haproxy", "-v")),
    Contender("caddy", start_caddy, True, "caddy", "caddy", ("caddy", "version"), by_tls=False),
    wsgw(OURS),
    wsgw("wsgw structure", 'url_rule.validate = "structure"'),
    wsgw(SPINNING, 'spin = "50us"', of_one_client=True),
)
PEERS = tuple(c.name for c in ALL if c.is_peer)
