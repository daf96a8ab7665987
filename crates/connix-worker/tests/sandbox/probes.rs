//! The probes of "a program that could read nothing outside its workspace", each a case: the password file, the process table,
//! TCP, UDP, signals. The fork bomb and 2 GiB of memory are in `bounds`.

use std::net::{TcpListener, UdpSocket};

use crate::denied::every_one_is_denied;
use crate::stage::{Stage, however_held};

however_held![
    the_password_file_cannot_be_read,
    the_process_table_cannot_be_read,
    tcp_reaches_nobody,
    udp_reaches_nobody,
    no_other_kind_of_network_is_there,
    signals_reach_nobody_outside,
];

async fn the_password_file_cannot_be_read(stage: Stage) {
    std::os::unix::fs::symlink("/etc/passwd", stage.workspace().join("link")).unwrap();
    let attempts = "
import pwd
for path in ['/etc/passwd', '/etc/shadow', '/etc/group', 'link', '/proc/self/root/etc/passwd', '../../../../../etc/passwd']:
    denied('read ' + path, lambda: open(path).read())
denied('run cat', lambda: os.fsencode(os.popen('cat /etc/passwd 2>/dev/null').read()).index(b':'))
def asked():
    try: pwd.getpwuid(0)
    except KeyError: raise OSError
denied('ask for root', asked)
";
    every_one_is_denied(&stage, attempts).await;
}

async fn the_process_table_cannot_be_read(stage: Stage) {
    let own = std::process::id();
    let attempts = format!(
        "
denied('the list', lambda: os.listdir('/proc'))
for path in ['/proc/self/status', '/proc/self/environ', '/proc/1/environ', '/proc/1/cmdline', '/proc/{own}/stat',
             '/proc/{own}/mem', '/proc/thread-self/maps', '/proc/stat']:
    denied('read ' + path, lambda: open(path, 'rb').read(1))
denied('ps', lambda: os.fsencode(os.popen('ps ax 2>/dev/null').read()).index(b'ps'))
"
    );
    every_one_is_denied(&stage, &attempts).await;
}

async fn tcp_reaches_nobody(stage: Stage) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let attempts = format!(
        "
denied('connect', lambda: socket.create_connection(('127.0.0.1', {port}), 1))
denied('connect outside', lambda: socket.create_connection(('192.0.2.1', 80), 1))
denied('version 6', lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM))
denied('listen', lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).bind(('127.0.0.1', 0)))
denied('bash', lambda: os.fsencode(os.popen('bash -c \"echo > /dev/tcp/127.0.0.1/{port}\" 2>&1 && echo done').read()).index(b'done'))
"
    );
    every_one_is_denied(&stage, &attempts).await;
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody came");
}

async fn udp_reaches_nobody(stage: Stage) {
    let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let attempts = format!(
        "
denied('send', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port})))
denied('send outside', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53)))
denied('version 6', lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
denied('names', lambda: socket.getaddrinfo('example.com', 80))
"
    );
    every_one_is_denied(&stage, &attempts).await;
    listener.set_nonblocking(true).unwrap();
    assert!(listener.recv(&mut [0]).is_err(), "nothing came");
}

async fn no_other_kind_of_network_is_there(stage: Stage) {
    let attempts = "
denied('raw', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
denied('packets', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
denied('netlink', lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
denied('vsock', lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM))
";
    every_one_is_denied(&stage, attempts).await;
}

async fn signals_reach_nobody_outside(stage: Stage) {
    let own = std::process::id();
    let attempts = format!(
        "
denied('the worker', lambda: os.kill({own}, 0))
denied('the worker by handle', lambda: signal.pidfd_send_signal(os.pidfd_open({own}), 0))
if os.getppid() > 1:
    denied('its keeper', lambda: os.kill(os.getppid(), signal.SIGKILL))
    denied('its keeper by group', lambda: os.killpg(os.getpgid(os.getppid()), signal.SIGKILL))
"
    );
    every_one_is_denied(&stage, &attempts).await;
    // All that it may signal: itself.
    let ran = stage.bash("trap 'echo caught' TERM; kill -TERM -1 2>/dev/null; kill -TERM $$; echo still here").await;
    assert!(ran.stdout.ends_with("still here\n"), "{ran:?}");
}
