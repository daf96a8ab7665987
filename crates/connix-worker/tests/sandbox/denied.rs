//! What a program must not be able to do (F52, A08–A11), besides what `probes` tries.

use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;

use connix_worker_protocol::sandbox::Containment;

use crate::stage::{SOMEBODY, Stage, however_held};

however_held![
    what_it_may_do_works,
    files_outside_are_closed,
    files_of_the_same_user_cannot_be_changed_by_name,
    files_can_be_copied_with_their_modes_and_times,
    no_link_leads_out_of_the_workspace,
    no_socket_of_the_host_can_be_reached,
    what_opens_a_way_out_of_the_sandbox_is_denied,
    it_has_no_rights_and_can_get_none,
    nothing_of_the_worker_is_inherited,
];

/// Python that tries something and prints whether it was denied.
const TRY: &str = "
def denied(what, attempt):
    try:
        attempt()
        print('POSSIBLE', what)
    except (OSError, ValueError) as error:
        print('denied', what)
";

/// Runs Python that tries this and that by `denied`.
pub(crate) async fn every_one_is_denied(stage: &Stage, attempts: &str) {
    let ran = stage.python(&format!("import os, socket, ctypes, signal\n{TRY}\n{attempts}\nprint('done')")).await;
    assert!(ran.stdout.ends_with("done\n"), "{ran:?}");
    assert!(!ran.stdout.contains("POSSIBLE"), "{}", ran.stdout);
    assert!(ran.stdout.lines().count() > 1, "something was tried: {}", ran.stdout);
}

async fn what_it_may_do_works(stage: Stage) {
    let code = "
import os, tempfile, subprocess, threading, sqlite3, json, hashlib, ssl, socket, random
open('out.txt', 'w').write('written')
with tempfile.NamedTemporaryFile() as file: file.write(b'x')
print(subprocess.run(['sort', '-r'], input='a\\nb\\n', capture_output=True, text=True).stdout.split())
thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
left, right = socket.socketpair(); left.send(b'x')
print(os.getcwd() == os.environ['HOME'], oct(os.umask(0)), os.path.abspath('out.txt') == os.getcwd() + '/out.txt')
print(open(os.path.abspath('out.txt')).read(), open('/dev/null').read() == '', len(open('/dev/urandom', 'rb').read(4)))
";
    let ran = stage.python(code).await;
    assert_eq!((ran.stderr.as_str(), ran.end.code), ("", Some(0)));
    assert_eq!(ran.stdout, "['b', 'a']\nTrue 0o77 True\nwritten True 4\n");
    let written = stage.workspace().join("out.txt");
    assert_eq!(std::fs::read_to_string(written).unwrap(), "written");
    let script =
        "import os; os.makedirs('a/b'); os.write(os.open('a/b/run', os.O_CREAT | os.O_WRONLY, 0o700), b'echo run')";
    stage.python(script).await;
    assert_eq!(stage.bash("a/b/run").await.stdout, "run\n");
    let made = stage.bash("echo 'echo run' > run; chmod +x run && ./run").await;
    let is_shared = stage.settings.containment == Containment::Sweep && !nix::unistd::geteuid().is_root();
    assert_eq!(made.stdout, if is_shared { "" } else { "run\n" }, "as somebody's user it may not: {made:?}");
}

async fn files_outside_are_closed(stage: Stage) {
    let secret = stage.folder().join("another-project");
    std::fs::create_dir(&secret).unwrap();
    std::fs::write(secret.join("secret.txt"), "secret").unwrap();
    let own = std::env::current_exe().unwrap();
    let attempts = format!(
        "
for path in ['/etc/hostname', '/root/.bashrc', {secret:?} + '/secret.txt', '/proc/mounts', '/sys/kernel/notes', '/dev/mem', {own:?}]:
    denied('read ' + path, lambda: open(path).read())
for path in ['/', '/etc', '/home', '/root', '/var', {secret:?}]:
    denied('list ' + path, lambda: os.listdir(path))
for path in ['/usr/bin/new', '/etc/new', {secret:?} + '/new', '/var/tmp/new', '/dev/shm-new', '/run/new']:
    denied('write ' + path, lambda: open(path, 'w'))
denied('remove', lambda: os.remove('/usr/bin/env'))
denied('change', lambda: os.chmod('/usr/bin/env', 0o777))
denied('truncate', lambda: os.truncate({secret:?} + '/secret.txt', 0))
",
        secret = secret,
        own = own,
    );
    every_one_is_denied(&stage, &attempts).await;
    assert_eq!(std::fs::read_to_string(secret.join("secret.txt")).unwrap(), "secret");
}

/// Landlock denies to open a file, not to change what it is called, who may read it and when it was written.
async fn files_of_the_same_user_cannot_be_changed_by_name(stage: Stage) {
    let sandbox = stage.sandbox_of_somebody();
    let theirs = stage.folder().join("theirs");
    std::fs::write(&theirs, "theirs").unwrap();
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&theirs, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    }
    let seen = || {
        let file = theirs.metadata().unwrap();
        (file.mode(), file.uid(), file.gid(), file.mtime(), file.ctime(), file.ctime_nsec())
    };
    let before = seen();
    let code = format!(
        "
import os, ctypes
{TRY}
path = {theirs:?}
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0: raise OSError(ctypes.get_errno())
for mode in [0o777, 0o700, 0o001, 0o4644]:
    denied('chmod', lambda: os.chmod(path, mode))
    denied('fchmodat2', lambda: call(452, -100, path.encode(), mode, 0))
denied('chown', lambda: os.chown(path, os.getuid(), -1))
denied('lchown', lambda: os.lchown(path, os.getuid(), -1))
denied('fchownat', lambda: os.chown('theirs', os.getuid(), -1, dir_fd=os.open(os.path.dirname(path), os.O_PATH)))
denied('setxattr', lambda: os.setxattr(path, 'user.x', b'x'))
denied('lsetxattr', lambda: os.setxattr(path, 'user.x', b'x', follow_symlinks=False))
denied('removexattr', lambda: os.removexattr(path, 'user.x'))
value = (ctypes.c_uint64 * 2)(ctypes.addressof(ctypes.create_string_buffer(b'x')), 1)
denied('setxattrat', lambda: call(463, -100, path.encode(), 0, b'user.x', value, 16))
denied('removexattrat', lambda: call(466, -100, path.encode(), 0, b'user.x'))
denied('file_setattr', lambda: call(469, -100, path.encode(), (ctypes.c_uint64 * 4)(), 24, 0))
denied('its limits', lambda: os.chmod('/proc/self', 0o777))
for change in [lambda: os.chmod(path, 0), lambda: os.chmod(path, 0o644), lambda: os.utime(path),
               lambda: os.utime(path, (1, 1), follow_symlinks=False)]:
    try:
        change() # denied, or nothing is done
    except OSError:
        pass
print('done')
"
    );
    let ran = stage.run_in(sandbox, ["python3", "-c", &code]).await;
    assert!(ran.stdout.ends_with("done\n") && !ran.stdout.contains("POSSIBLE"), "{ran:?}");
    assert_eq!(seen(), before);
}

async fn files_can_be_copied_with_their_modes_and_times(stage: Stage) {
    let code = "
import os, shutil
open('file', 'w').write('text')
shutil.copy('file', 'copy'); shutil.copy2('file', 'copy2'); shutil.copyfile('file', 'copyfile')
file = os.open('file', os.O_RDWR); os.fchmod(file, 0o700); os.utime(file, (1000, 1000))
print([open(name).read() for name in ['copy', 'copy2', 'copyfile']])
print(oct(os.stat('file').st_mode), os.stat('file').st_mtime)
";
    for sandbox in [Stage::sandbox, Stage::sandbox_of_somebody] {
        let ran = stage.run_in(sandbox(&stage), ["python3", "-c", code]).await;
        assert_eq!(ran.stdout, "['text', 'text', 'text']\n0o100700 1000.0\n", "{ran:?}");
        for file in std::fs::read_dir(stage.workspace()).unwrap().flatten() {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
}

async fn no_link_leads_out_of_the_workspace(stage: Stage) {
    std::fs::write(stage.folder().join("secret.txt"), "secret").unwrap();
    symlink("/etc/passwd", stage.workspace().join("planted")).unwrap();
    symlink("..", stage.workspace().join("up")).unwrap();
    let attempts = "
os.symlink('/etc/passwd', 'own')
for path in ['planted', 'own', 'up/secret.txt', '../secret.txt']:
    denied('read ' + path, lambda: open(path).read())
denied('link', lambda: os.link('/usr/bin/env', 'env'))
";
    every_one_is_denied(&stage, attempts).await;
}

async fn no_socket_of_the_host_can_be_reached(stage: Stage) {
    // Where the workspace's own rules would let it: in the workspace itself.
    let path = stage.workspace().join("host.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    let attempts = format!(
        "
denied('by path', lambda: socket.socket(socket.AF_UNIX).connect({path:?}))
denied('abstract', lambda: socket.socket(socket.AF_UNIX).connect('\\0connix'))
denied('datagrams', lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', '/dev/log'))
denied('raw is datagrams', lambda: socket.socket(socket.AF_UNIX, socket.SOCK_RAW).sendto(b'x', '/dev/log'))
denied('a pair of datagrams', lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
"
    );
    every_one_is_denied(&stage, &attempts).await;
}

async fn what_opens_a_way_out_of_the_sandbox_is_denied(stage: Stage) {
    let attempts = "
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno())
numbers = {'ptrace': 101, 'mount': 165, 'unshare': 272, 'setns': 308, 'bpf': 321, 'keyctl': 250, 'add_key': 248,
           'userfaultfd': 323, 'io_uring_setup': 425, 'perf_event_open': 298, 'process_vm_readv': 310, 'chroot': 161,
           'open_by_handle_at': 304, 'shmget': 29, 'clone3': 435, 'pivot_root': 155, 'init_module': 175}
if os.uname().machine == 'x86_64':
    for name, number in numbers.items():
        denied(name, lambda: call(number, 0, 0, 0, 0, 0))
    denied('a socket by its x32 number', lambda: call(0x40000000 + 41, 2, 1, 0))
    denied('a user namespace by clone', lambda: call(56, 0x10000000 | 17, 0, 0, 0, 0))
import resource
denied('the limits of another', lambda: resource.prlimit(os.getppid() or 1, resource.RLIMIT_NOFILE, (0, 0)))
denied('the place of another', lambda: os.sched_setaffinity(os.getppid() or 1, {0}))
denied('the turn of others', lambda: os.setpriority(os.PRIO_USER, 0, 19))
denied('memory that nobody has', lambda: os.memfd_create('x'))
denied('a place without measure', lambda: call(157 if os.uname().machine == 'x86_64' else 167, 4, 0, 0, 0, 0))
denied('ptrace', lambda: call(101 if os.uname().machine == 'x86_64' else 117, 0, 0, 0, 0))
";
    every_one_is_denied(&stage, attempts).await;
}

async fn it_has_no_rights_and_can_get_none(stage: Stage) {
    let ran = stage.bash("id -u; id -G; ulimit -c; sudo -n true 2>&1; su -c true 2>&1; echo over").await;
    let mut lines = ran.stdout.lines();
    let user = lines.next().unwrap().to_owned();
    assert_eq!(lines.next(), Some(user.as_str()), "no group but its own");
    assert_eq!(lines.next(), Some("0"), "no core");
    if nix::unistd::geteuid().is_root() {
        assert!(user.parse::<u32>().unwrap() >= stage.settings.users.first, "a user of its own: {user}");
    }
    let code = "
import ctypes
libc = ctypes.CDLL(None)
print(libc.prctl(39, 0, 0, 0, 0), os.getresuid()[0] == os.getresuid()[2])
try:
    os.setuid(0)
    print('POSSIBLE')
except OSError:
    print('denied')
";
    let ran = stage.python(&format!("import os\n{code}")).await;
    assert_eq!(ran.stdout, "1 True\ndenied\n", "{ran:?}");
}

async fn nothing_of_the_worker_is_inherited(mut stage: Stage) {
    stage.environment.insert("DATA_SOURCE".into(), "postgres://somewhere".to_owned().into());
    stage.environment.insert("PATH".into(), "/evil".to_owned().into());
    let ran = stage.run(["env"]).await;
    let mut names: Vec<_> = ran.stdout.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["CONNIX_INSTANCE", "DATA_SOURCE", "HOME", "LANG", "PATH", "TMPDIR", "TZ"]);
    assert!(ran.stdout.contains("DATA_SOURCE=postgres://somewhere\n") && !ran.stdout.contains("/evil"));
    let code = "
import os
def is_open(number):
    try:
        os.fstat(number)
        return True
    except OSError:
        return False
print([number for number in range(200) if is_open(number)], os.read(0, 1))
";
    let ran = stage.python(code).await;
    assert_eq!(ran.stdout, "[0, 1, 2] b''\n", "{ran:?}");
}
