package io.github.notearchive.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * {@code src/test/bench/archive.py}: what a user would script for the same work.
 *
 * @param threads number of its threads
 * @param ledger whether it commits a ledger row, the response and the note to PostgreSQL, one by one; needs psycopg2
 */
record Peer(int threads, boolean ledger) {

    private static final Path SCRIPTS = Path.of("src", "test", "bench").toAbsolutePath();
    private static final String DATABASE = "bench_peer";

    /** Returns the peers that {@code -Dbench.peers} selects by parts of their titles, if they are installed. */
    static List<Peer> all() {
        return Stream.of(new Peer(4, false), new Peer(16, false), new Peer(8, true))
                .filter(peer -> Stream.of(System.getProperty("bench.peers", "").split(","))
                        .anyMatch(peer.title()::contains))
                .filter(Peer::isInstalled)
                .toList();
    }

    String title() {
        return "Python script%s, %d threads".formatted(ledger ? " with ledger" : "", threads);
    }

    /** Returns whether the script's interpreter and libraries are installed. */
    private boolean isInstalled() {
        try {
            return new ProcessBuilder("python3", "-c", ledger ? "import psycopg2" : "")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Runs it once over a number of notes of W1. */
    Measurement run(Servers servers, int notes, String service, boolean verify) {
        servers.serve(Work.Kind.W1, notes, service);
        servers.resetSink(verify);
        try {
            if (ledger) {
                servers.createDatabase(DATABASE, "template1");
            }
            servers.checkpoint();
            return MeasuredProgram.inDirectory(directory -> measure(servers, notes, directory));
        } finally {
            servers.dropDatabase(DATABASE);
        }
    }

    private Measurement measure(Servers servers, int notes, Path directory) throws IOException, InterruptedException {
        Path result = directory.resolve("result.properties");
        Path output = directory.resolve("output.txt");
        Path ids = Files.write(directory.resolve("ids.txt"), Work.ids(notes));
        ProcessBuilder builder = new ProcessBuilder(
                        "python3",
                        SCRIPTS.resolve("measure.py").toString(),
                        result.toString(),
                        "python3",
                        SCRIPTS.resolve("archive.py").toString(),
                        ids.toString(),
                        String.valueOf(threads))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        // proxies, certificates and configurations of this account are not part of the measurement
        builder.environment().keySet().retainAll(List.of("PATH"));
        Map<String, String> environment = builder.environment();
        environment.put("API", servers.provider());
        environment.put("STORE", servers.sink());
        environment.put("BUCKET", "bench");
        environment.put("ACCESS_KEY", "bench-access");
        environment.put("SECRET_KEY", "bench-secret-0123456789");
        environment.put("DATABASE", ledger ? servers.libpqUrlOf(DATABASE) : "");
        environment.put("HOME", directory.toString());
        Servers.Cpu before = servers.cpu();
        Process process = builder.start();
        try {
            if (!process.waitFor(MeasuredProgram.PATIENCE.toMinutes(), TimeUnit.MINUTES)) {
                throw new IllegalStateException(title() + " did not end");
            }
            Servers.Cpu used = servers.cpu().since(before);
            Properties usage = new Properties();
            try (var reader = Files.newBufferedReader(result)) {
                usage.load(reader);
            }
            Properties stored = servers.stored();
            Properties provided = servers.provided();
            if (stored.getProperty("objects.media").equals("0")) {
                throw new IllegalStateException(title() + " stored nothing: " + Files.readString(output));
            }
            double first = Double.parseDouble(provided.getProperty("firstCall"));
            double last = Double.parseDouble(stored.getProperty("last"));
            return new Measurement(
                    notes,
                    Integer.parseInt(usage.getProperty("exit")),
                    (first - Double.parseDouble(usage.getProperty("began"))) / 1e6,
                    (last - first) / 1e6,
                    (Double.parseDouble(usage.getProperty("ended")) - last) / 1e6,
                    0,
                    Double.parseDouble(usage.getProperty("cpu")),
                    used,
                    Double.parseDouble(usage.getProperty("peak")),
                    0,
                    provided,
                    stored);
        } finally {
            Stream.concat(process.descendants(), Stream.of(process.toHandle())).forEach(ProcessHandle::destroyForcibly);
        }
    }
}
