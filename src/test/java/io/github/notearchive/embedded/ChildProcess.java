package io.github.notearchive.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.commons.io.IOUtils;

/**
 * Another process over the same data directory. It prints one line when it is ready, and ends when its standard input
 * does.
 */
final class ChildProcess implements AutoCloseable {

    private final Process process;
    private final BufferedReader output;

    private ChildProcess(Process process) {
        this.process = process;
        this.output = process.inputReader();
    }

    /** Owns the directory, opens the database and runs the statement. */
    static ChildProcess withDatabase(Path home, String sql) throws IOException {
        return start("database", home.toString(), sql);
    }

    /** Shares the directory, opens a server of it, and prints its address. */
    static ChildProcess sharing(Path home, String server) throws IOException {
        return start(server, home.toString());
    }

    private static ChildProcess start(String... arguments) throws IOException {
        var command = new ArrayList<String>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-cp");
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(ChildProcess.class.getName());
        command.addAll(List.of(arguments));
        return new ChildProcess(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    /** The line that starts with "ready", without that word; log lines before it are skipped. */
    String ready() throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith("ready")) {
                return line.substring("ready".length()).strip();
            }
        }
        throw new IOException("the child ended before it was ready");
    }

    long pid() {
        return process.pid();
    }

    /** kill -9, so that nothing in it gets a last word. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Lets it end by itself, having closed everything. */
    @Override
    public void close() throws IOException, InterruptedException {
        IOUtils.closeQuietly(process.getOutputStream()); // it may be gone already
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("the child does not end");
        }
    }

    public static void main(String[] arguments) throws Exception {
        boolean isOwner = arguments.length > 2;
        Path home = Path.of(arguments[1]);
        try (DataDirectory directory = isOwner ? DataDirectory.open(home) : DataDirectory.share(home)) {
            if (isOwner) {
                EmbeddedDatabase database = new EmbeddedDatabase(directory);
                try (var connection =
                                DriverManager.getConnection(database.jdbcUrl(), database.user(), database.password());
                        var statement = connection.createStatement()) {
                    statement.execute(arguments[2]);
                }
                System.out.println("ready");
            } else if (arguments[0].equals("database")) {
                System.out.println("ready " + new EmbeddedDatabase(directory).jdbcUrl());
            } else {
                System.out.println("ready " + new EmbeddedStore(directory, false).endpoint());
            }
            while (System.in.read() >= 0) {
                // until the parent closes it
            }
        }
    }
}
