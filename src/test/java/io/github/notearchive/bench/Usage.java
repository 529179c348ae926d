package io.github.notearchive.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * Samples the CPU time and peak memory of a process: all its threads, those that have ended included. Reads
 * {@code /proc}, so Linux only.
 */
final class Usage implements AutoCloseable {

    /** Unit of the kernel's CPU times. */
    static final long TICK_MILLIS = 10;

    /** Index of the user time in the result of {@link #stat}, in ticks; the system time follows. */
    static final int USER = 11;

    private record Sample(long micros, long cpuMillis) {}

    private final Path process;
    private final Thread thread;
    private final List<Sample> samples = new ArrayList<>();
    private volatile long peakKilobytes;
    private volatile boolean closed;

    private Usage(long pid, long everyMillis) {
        process = Path.of("/proc", String.valueOf(pid));
        thread = Thread.ofPlatform().daemon().start(() -> sample(everyMillis));
    }

    /** Returns the microseconds since 1970, the unit of PostgreSQL's timestamps. */
    static long micros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    static Usage of(long pid, long everyMillis) {
        return new Usage(pid, everyMillis);
    }

    private void sample(long everyMillis) {
        try {
            while (!closed) {
                String[] fields = stat(process);
                long ticks = Long.parseLong(fields[USER]) + Long.parseLong(fields[USER + 1]);
                synchronized (samples) {
                    samples.add(new Sample(micros(), ticks * TICK_MILLIS));
                }
                for (String line : Files.readAllLines(process.resolve("status"))) {
                    if (line.startsWith("VmHWM:")) {
                        peakKilobytes = Long.parseLong(line.replaceAll("\\D", ""));
                    }
                }
                Thread.sleep(everyMillis);
            }
        } catch (IOException e) {
            // the process has ended
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the fields of a process's {@code stat} after its name, starting with the state; proc_pid_stat(5). */
    static String[] stat(Path process) throws IOException {
        String stat = Files.readString(process.resolve("stat"));
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    }

    /** Returns the CPU time until a moment, interpolated between two samples. */
    double cpuMillis(long micros) {
        synchronized (samples) {
            Sample before = new Sample(samples.isEmpty() ? 0 : samples.getFirst().micros, 0);
            for (Sample each : samples) {
                if (each.micros >= micros) {
                    double share = each.micros == before.micros
                            ? 1
                            : (micros - before.micros) / (double) (each.micros - before.micros);
                    return before.cpuMillis + Math.max(0, share) * (each.cpuMillis - before.cpuMillis);
                }
                before = each;
            }
            return before.cpuMillis;
        }
    }

    /** Returns the largest resident size so far. */
    double peakMegabytes() {
        return peakKilobytes / 1024.0;
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join();
    }
}
