package io.github.notearchive.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Our program alone over W1 at latency 0, for whoever profiles it: {@code Rig PROGRAM NOTES RUNS [options of the
 * virtual machine]}, where the program is a jar or a class path. {@code -Dbench.kind} names other work,
 * {@code -Dbench.service} how the provider serves it.
 */
final class Rig {

    private Rig() {}

    public static void main(String[] arguments) {
        int notes = Integer.parseInt(arguments[1]);
        int runs = Integer.parseInt(arguments[2]);
        List<String> options = Arrays.asList(arguments).subList(3, arguments.length);
        try (Servers servers = Servers.start()) {
            Ours ours = new Ours(servers, arguments[0], List.of());
            System.out.println(
                    "notes/s | CPU ms/note | peak RSS MB | start s | start CPU s | total CPU s | provider's and sink's CPU ms/note | PostgreSQL's | end s | exit");
            for (int i = 0; i < runs; i++) {
                Ours.Run run = ours.night(
                        Work.Kind.valueOf(System.getProperty("bench.kind", "W1")),
                        notes,
                        System.getProperty("bench.service", ""),
                        false,
                        options,
                        Map.of());
                System.out.printf(
                        "%7.1f | %11.2f | %11.0f | %7.2f | %11.2f | %11.1f | %33.2f | %12.2f | %5.2f | %d%n",
                        run.notesPerSecond(),
                        run.cpuMillisPerNote(),
                        run.peakMegabytes(),
                        run.startSeconds(),
                        run.startCpuSeconds(),
                        run.totalCpuSeconds(),
                        run.besideMillis().others() / notes,
                        run.besideMillis().database() / notes,
                        run.endSeconds(),
                        run.exitCode());
                if (i == 0) {
                    System.out.println("provider " + run.provided());
                    System.out.println("sink     " + run.stored());
                }
            }
        }
    }
}
