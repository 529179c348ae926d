package io.github.notearchive.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a process has used by which moment, looked at while it runs: CPU time of all its threads, those that have ended
 * included, and its largest resident size. From {@code /proc}, so on Linux only.
 */
final class Usage implements AutoCloseable {

    /** The kernel tells CPU time in hundredths of a second. */
    static final long TICK_MILLIS = 10;

    /** Where user and system time stand among the fields that {@link #stat} gives, in ticks. */
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

    static Usage of(long pid, long everyMillis) {
        return new Usage(pid, everyMillis);
    }

    private void sample(long everyMillis) {
        try {
            while (!closed) {
                String[] fields = stat(process);
                long ticks = Long.parseLong(fields[USER]) + Long.parseLong(fields[USER + 1]);
                synchronized (samples) {
                    samples.add(new Sample(Micros.now(), ticks * TICK_MILLIS));
                }
                for (String line : Files.readAllLines(process.resolve("status"))) {
                    if (line.startsWith("VmHWM:")) {
                        peakKilobytes = Long.parseLong(line.replaceAll("\\D", ""));
                    }
                }
                Thread.sleep(everyMillis);
            }
        } catch (IOException e) {
            // it has ended
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The fields of a process's {@code stat} behind its name, the state first; proc_pid_stat(5). */
    static String[] stat(Path process) throws IOException {
        String stat = Files.readString(process.resolve("stat"));
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    }

    /** CPU time used until a moment, between two looks as if it were used evenly. */
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

    /** All that was seen to be used. */
    double cpuMillis() {
        return cpuMillis(Long.MAX_VALUE);
    }

    /** The most memory that was resident at once so far. */
    double peakMegabytes() {
        return peakKilobytes / 1024.0;
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join();
    }
}
