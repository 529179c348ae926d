package io.github.notearchive.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.springframework.util.FileSystemUtils;

/**
 * What a user would do the same work with: scripts in {@code src/test/bench}.
 *
 * @param name as the tables have it
 * @param command without the file of ids and what follows
 * @param after the file of ids
 * @param programs that have to be installed
 * @param share of our notes that it gets: the slow ones need fewer
 * @param looksAtEtags whether it wants the store to tell each object's MD5
 */
record Peer(
        String name,
        List<String> command,
        List<String> after,
        List<String> programs,
        double share,
        boolean looksAtEtags) {

    private static final Path SCRIPTS = Path.of("src", "test", "bench").toAbsolutePath();
    private static final long PATIENCE_MINUTES = 15;
    private static final Pattern VERSION = Pattern.compile("\\d+(?:\\.\\d+)+");

    static Peer python(int threads) {
        return new Peer(
                "Python script, " + threads + " threads",
                List.of("python3", script("archive.py")),
                List.of(String.valueOf(threads)),
                List.of("python3"),
                1,
                false);
    }

    private static Peer tools(String name, String downloader, String uploader, double share) {
        return new Peer(
                name,
                List.of("bash", script("tools.sh"), downloader, uploader),
                List.of(),
                List.of("bash", "jq", "openssl", downloader, uploader),
                share,
                !uploader.equals("curl"));
    }

    /** The floor, which is no peer: no user would write it. */
    static Peer floor() {
        return new Peer(
                "floor: bare Java sockets, no database",
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "-XX:MaxDirectMemorySize=512m",
                        "-cp",
                        Servers.classPath(),
                        Floor.class.getName()),
                List.of("8"),
                List.of(),
                1,
                false);
    }

    /** All of them, those first that come closest. */
    static List<Peer> all() {
        return List.of(
                python(4),
                python(16),
                tools("wget2, jq, openssl, curl", "wget2", "curl", 1 / 8.0),
                tools("curl -Z, jq, openssl, curl", "curl", "curl", 1 / 8.0),
                tools("aria2c, jq, openssl, curl", "aria2c", "curl", 1 / 8.0),
                tools("curl -Z, jq, openssl, rclone", "curl", "rclone", 1 / 12.0),
                tools("curl -Z, jq, openssl, minio-client", "curl", "minio-client", 1 / 12.0),
                tools("curl -Z, jq, openssl, s3cmd", "curl", "s3cmd", 1 / 12.0));
    }

    private static String script(String name) {
        return SCRIPTS.resolve(name).toString();
    }

    /** Whether all that it needs is there. */
    boolean isInstalled() {
        return programs.stream()
                .allMatch(program -> List.of(System.getenv("PATH").split(":")).stream()
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program))));
    }

    /** What each program that a peer needs says of its version, such as {@code curl 8.14.1}. */
    static String versions(List<Peer> peers) {
        return peers.stream()
                .flatMap(peer -> peer.programs().stream())
                .distinct()
                .map(Peer::version)
                .collect(Collectors.joining(", "));
    }

    private static String version(String program) {
        String option = program.equals("openssl") ? "version" : "--version";
        try {
            Process process = new ProcessBuilder(program, option)
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            Matcher number = VERSION.matcher(said.lines().findFirst().orElse(""));
            return program + (number.find() ? " " + number.group() : "");
        } catch (IOException e) {
            return program;
        }
    }

    /** What came of it. */
    record Run(
            int notes,
            int exitCode,
            double seconds,
            double cpuMillis,
            Servers.Cpu besideMillis,
            double peakMegabytes,
            Properties provided,
            Properties stored)
            implements Measured {}

    /** Runs it over so many notes. */
    Run run(Servers servers, int notes, String service, boolean verify) {
        servers.serve(Work.Kind.W1, notes, service);
        servers.resetSink(verify, !looksAtEtags);
        Path directory;
        try {
            directory = Files.createTempDirectory("note-archive-bench-peer-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Process process = null;
        try {
            Path result = directory.resolve("result.properties");
            Path said = directory.resolve("said.txt");
            Path ids = Files.write(directory.resolve("ids.txt"), Work.ids(notes));
            List<String> all = new ArrayList<>();
            all.addAll(List.of("python3", script("measure.py"), result.toString()));
            all.addAll(command);
            all.add(ids.toString());
            all.addAll(after);
            ProcessBuilder builder = new ProcessBuilder(all)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile());
            // proxies, certificates and configurations of this account are no part of it
            builder.environment().keySet().retainAll(List.of("PATH"));
            builder.environment()
                    .putAll(Map.of(
                            "API",
                            servers.provider(),
                            "STORE",
                            servers.sink(),
                            "BUCKET",
                            "bench",
                            "ACCESS_KEY",
                            "bench-access",
                            "SECRET_KEY",
                            "bench-secret-0123456789",
                            "HOME",
                            directory.toString()));
            Servers.Cpu before = servers.cpu();
            process = builder.start();
            if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
                throw new IllegalStateException(name + " did not end");
            }
            Servers.Cpu beside = servers.cpu().since(before);
            Properties used = new Properties();
            try (var reader = Files.newBufferedReader(result)) {
                used.load(reader);
            }
            Properties stored = servers.stored();
            Properties provided = servers.provided();
            long first = Long.parseLong(provided.getProperty("firstCall"));
            long last = Long.parseLong(stored.getProperty("last"));
            if (stored.getProperty("objects.media") == null) {
                throw new IllegalStateException(name + " stored nothing: " + Files.readString(said));
            }
            return new Run(
                    notes,
                    Integer.parseInt(used.getProperty("exit")),
                    (last - first) / 1e6,
                    Double.parseDouble(used.getProperty("cpu")),
                    beside,
                    Double.parseDouble(used.getProperty("peak")),
                    provided,
                    stored);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            if (process != null) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
            try {
                FileSystemUtils.deleteRecursively(directory);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
