//! The file system of the store turns read-only under a running service.
//!
//! Nobody can ask for that while files are open for writing; the kernel does it by itself when it meets damage. So these
//! tests need root: they mount a file system of their own, in a namespace, and have the kernel meet some there.

use std::path::PathBuf;

use crate::faults::{QUICK, has_no_tombstones, shell, wait_for_items, wait_for_words, wait_until_well, write};
use crate::running::{Place, Server, get};
use crate::seed_limits::is_confined;

/// Mounts a new ext4 for the store.
const MOUNT: &str =
    "truncate -s 16M \"$1.img\"; mkfs.ext4 -q \"$1.img\"; mount -o loop,errors=remount-ro \"$1.img\" \"$1\"";

struct Scene {
    place: Place,
    disk: PathBuf,
}

impl Scene {
    /// Five seeds, and a store on a file system of its own.
    fn new() -> Self {
        let place = Place::new(QUICK);
        (1..=5).for_each(|number| write(&place, &format!("{number}.txt"), number));
        let disk = place.seeds().with_file_name("disk");
        std::fs::create_dir(&disk).unwrap();
        shell(MOUNT, &disk);
        Self { place, disk }
    }

    fn start(&self) -> (Server, std::net::SocketAddr) {
        let mut command = self.place.serve_as_configured();
        command.env("SEEDCAST_STORE_URL", format!("sqlite:{}", self.disk.join("store.sqlite").display()));
        let (server, address) = Server::ready(command);
        wait_for_items(address, 5);
        (server, address)
    }

    /// Changes every kind of thing, and waits until the service says that it cannot keep it.
    fn change_in_vain(&self, server: &Server, address: std::net::SocketAddr) {
        let before = get(address, "/feed.json", &[]).unwrap();
        (6..=9).for_each(|number| write(&self.place, &format!("{number}.txt"), number));
        write(&self.place, "1.txt", 1);
        wait_for_words(address, &["disk error in the store", "disk I/O error", "dmesg", "restart"]);
        assert!(server.log().contains("changes wait until the store works again"), "{}", server.log());
        let during = get(address, "/feed.json", &[]).unwrap();
        assert_eq!((during.status, during.body), (200, before.body), "what is served must be what is kept");
    }
}

#[test]
fn store_that_the_kernel_made_read_only_serves_on_and_is_right_again_when_it_was_mounted_anew() {
    let name =
        "faults_read_only::store_that_the_kernel_made_read_only_serves_on_and_is_right_again_when_it_was_mounted_anew";
    if !is_confined(name, "-m", "true") {
        return;
    }
    let scene = Scene::new();
    let (mut server, address) = scene.start();
    shell("device=$(findmnt -no SOURCE \"$1\"); echo 1 > /sys/fs/ext4/${device##*/}/trigger_fs_error", &scene.disk);
    shell("! touch \"$1/file\" 2>/dev/null", &scene.disk);
    scene.change_in_vain(&server, address);
    // Its files stay what they are until nobody holds them any more.
    server.terminate();
    assert_eq!(server.end().code(), Some(0), "{}", server.log());
    shell(
        "umount \"$1\"; fsck.ext4 -y \"$1.img\" > \"$1.log\" 2>&1 || test $? -lt 4; mount -o loop \"$1.img\" \"$1\"",
        &scene.disk,
    );
    std::fs::remove_file(scene.place.seeds().join("2.txt")).unwrap();
    let mut command = scene.place.serve_as_configured();
    command.env("SEEDCAST_STORE_URL", format!("sqlite:{}", scene.disk.join("store.sqlite").display()));
    let (server, address) = Server::ready(command);
    assert!(server.log().contains("store opened"), "it is no new store: {}", server.log());
    wait_for_items(address, 8);
    wait_until_well(address);
}

#[test]
fn store_whose_files_cannot_be_written_for_a_while_takes_in_what_was_missed() {
    let name = "faults_read_only::store_whose_files_cannot_be_written_for_a_while_takes_in_what_was_missed";
    if !is_confined(name, "-m", "true") {
        return;
    }
    let scene = Scene::new();
    let (server, address) = scene.start();
    shell("chattr +i \"$1/store.sqlite\" \"$1/store.sqlite-wal\"", &scene.disk);
    scene.change_in_vain(&server, address);
    shell("chattr -i \"$1/store.sqlite\" \"$1/store.sqlite-wal\"", &scene.disk);
    wait_until_well(address);
    wait_for_items(address, 9);
    has_no_tombstones(address);
    assert!(server.log().contains("the store works again"), "{}", server.log());
}
