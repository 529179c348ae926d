package io.github.notearchive.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.util.FileSystemUtils;

/** System properties of the benchmarks, listed in {@code src/docs/benchmarks/README.md}. */
final class BenchSettings {

    private BenchSettings() {}

    /** Returns the number of repetitions of each measurement. */
    static int runs() {
        return Integer.getInteger("bench.runs", 5);
    }

    /** Returns the number of notes of a night at latency 0. */
    static int notes() {
        return Integer.getInteger("bench.night-notes", 6_000);
    }

    /** Returns the number of notes of a night that waits for the provider. */
    static int slowNotes() {
        return Integer.getInteger("bench.slow-notes", 1_000);
    }

    /** Returns whether to measure a peer, by a part of its title. */
    static boolean includes(Peer peer) {
        return Stream.of(System.getProperty("bench.peers", "").split(","))
                .anyMatch(part -> peer.title().contains(part));
    }

    /** Returns the options of the program's virtual machine. */
    static List<String> javaOptions() {
        return List.of(System.getProperty("bench.java-options", "-Xmx256m").split(" "));
    }

    /** Returns {@code -Dbench.program}, else the packaged program, unpacked and prepared as in the image. */
    static String program() {
        String named = System.getProperty("bench.program");
        if (named != null) {
            return named;
        }
        Path home = Path.of("target", "bench", "distribution").toAbsolutePath();
        try {
            FileSystemUtils.deleteRecursively(home);
            call(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Djarmode=tools",
                    "-jar",
                    Path.of("target", "note-archive.jar").toString(),
                    "extract",
                    "--destination",
                    home.toString());
            Path launcher = home.resolve("bin").resolve("note-archive");
            Path prepare = home.resolve("bin").resolve("note-archive-prepare");
            Files.createDirectories(launcher.getParent());
            Files.copy(Path.of("bin", "note-archive"), launcher);
            Files.copy(Path.of("bin", "note-archive-prepare"), prepare);
            FileSystemUtils.copyRecursively(Path.of("config"), home.resolve("config"));
            call(prepare.toString());
            return launcher.toString();
        } catch (IOException e) {
            throw new UncheckedIOException("The packaged program is missing; run ./mvnw package", e);
        }
    }

    private static void call(String... command) throws IOException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        if (process.onExit().join().exitValue() != 0) {
            throw new IOException(String.join(" ", command) + " ends with " + process.exitValue());
        }
    }
}
