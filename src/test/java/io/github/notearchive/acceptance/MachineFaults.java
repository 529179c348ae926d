package io.github.notearchive.acceptance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.io.TcpProxy;
import io.github.notearchive.sandbox.Reply;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.springframework.util.FileSystemUtils;

/** Faults of the machine: a clock that is set, a disk that is full. */
final class MachineFaults {

    /** A variable that says how long a file may get that the run writes, in blocks of 512 bytes. */
    static final String LARGEST_FILE = "LARGEST_FILE";

    /** A variable that has the program and its embedded database see a clock that can be set. */
    static final String CLOCK = "CLOCK";

    private static final byte[] JPEG = "\u00ff\u00d8\u00ff\u00e0\0\u0010JFIF\0".getBytes(ISO_8859_1);

    private MachineFaults() {}

    /** Stands between a program and its clock; Debian's package libfaketime. */
    static Optional<Path> clockLibrary() {
        return Stream.of("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu")
                .map(directory -> Path.of(directory, "faketime", "libfaketimeMT.so.1"))
                .filter(Files::exists)
                .findFirst();
    }

    /** Has the program see a clock that can be set, if its environment names one. */
    static void prepareClock(Practice practice) {
        Map<String, String> environment = practice.environment();
        if (environment.remove(CLOCK) != null) {
            environment.put("LD_PRELOAD", clockLibrary().orElseThrow().toString());
            environment.put(
                    "FAKETIME_TIMESTAMP_FILE", practice.file("clock", "+0").toString());
            environment.put("FAKETIME_CACHE_DURATION", "1");
            environment.put("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
    }

    /** Starts the run that is to meet the fault. */
    static Program start(Practice practice) {
        String largest = practice.environment().get(LARGEST_FILE);
        return largest == null ? practice.start("run") : practice.startAfter("ulimit -f " + largest, "run");
    }

    /** The clock is off by so much, in the syntax of libfaketime. */
    static Fault.Onset clock(String offset) {
        return night -> {
            setClock(night, offset);
            return () -> setClock(night, "+0");
        };
    }

    private static void setClock(Scene night, String offset) throws IOException {
        Path next = night.file("clock.next", offset);
        Files.move(next, next.resolveSibling("clock"), StandardCopyOption.ATOMIC_MOVE);
    }

    /** A file stands where the spool's directory should be. */
    static Fault.Onset noSpool() {
        return night -> {
            Path spool = night.directory().resolve("data/spool");
            FileSystemUtils.deleteRecursively(spool);
            Files.writeString(spool, "in the way");
            return () -> Files.deleteIfExists(spool);
        };
    }

    /** Each file is a picture of 4 MB. */
    static Fault.Onset largePictures() {
        byte[] picture = new byte[4 << 20];
        System.arraycopy(JPEG, 0, picture, 0, JPEG.length);
        return allMedia(Reply.bytes("image/jpeg", picture));
    }

    /** Each file is a picture of a gigabyte, without a length. */
    static Fault.Onset hugePictures() {
        return night -> {
            night.wayToMedia().answer(TcpProxy.ANY, MachineFaults::sendGigabyte);
            return allMedia(Reply.redirect(night.wayToMedia().address() + "/x")).cause(night);
        };
    }

    private static Fault.Onset allMedia(Reply reply) {
        return night -> {
            night.provider().script().media(_ -> true, reply);
            return night.provider().script()::clear;
        };
    }

    private static void sendGigabyte(OutputStream out) throws IOException {
        out.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".getBytes(UTF_8));
        out.write(JPEG);
        byte[] megabyte = new byte[1 << 20];
        for (int i = 0; i < 1024; i++) {
            out.write(megabyte);
        }
    }
}
