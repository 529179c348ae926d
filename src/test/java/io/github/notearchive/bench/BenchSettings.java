package io.github.notearchive.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import org.springframework.util.FileSystemUtils;

/** What can be said on the command line of Maven; {@code src/docs/benchmarks/README.md} lists it. */
final class BenchSettings {

    private BenchSettings() {}

    /** How often each thing is measured. */
    static int runs() {
        return Integer.getInteger("bench.runs", 5);
    }

    /** Notes of W1 for ours and the fast peers. */
    static int notes() {
        return Integer.getInteger("bench.night-notes", 6_000);
    }

    /** Notes of a night that waits for the provider. */
    static int slowNotes() {
        return Integer.getInteger("bench.slow-notes", 1_000);
    }

    /** Which peers, by a part of their names. */
    static boolean takes(Peer peer) {
        return Arrays.stream(System.getProperty("bench.peers", "").split(","))
                .anyMatch(part -> peer.name().contains(part));
    }

    /** Of the virtual machine of our program. */
    static List<String> javaOptions() {
        return List.of(System.getProperty("bench.java-options", "-Xmx256m").split(" "));
    }

    /**
     * The program: what {@code -Dbench.program} names, else the one that was just packaged, laid out and prepared as
     * the image has it.
     */
    static String program() {
        String named = System.getProperty("bench.program");
        return named != null ? named : distribution().toString();
    }

    private static Path distribution() {
        Path home = Path.of("target", "bench", "distribution").toAbsolutePath();
        Path launcher = home.resolve("bin").resolve("note-archive");
        Path prepare = home.resolve("bin").resolve("note-archive-prepare");
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
            copy(Path.of("bin", "note-archive"), launcher);
            copy(Path.of("bin", "note-archive-prepare"), prepare);
            copyAll(Path.of("config"), home.resolve("config"));
            call(prepare.toString());
            return launcher;
        } catch (IOException e) {
            throw new UncheckedIOException("There is no packaged program; run ./mvnw package", e);
        }
    }

    private static void call(String... command) throws IOException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + " ends with " + process.exitValue());
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static void copyAll(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                copy(file, to.resolve(from.relativize(file)));
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
    }
}
