package io.github.notearchive.bench;

import java.io.IOException;

/** Servers of a benchmark outlive neither it nor its being killed. */
final class Ends {

    private Ends() {}

    /**
     * Ends this process as soon as its standard input does, which its parent holds open, and with it other ones that
     * the parent has no such hold on.
     *
     * @param others their process ids
     */
    static void withInput(String... others) {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                while (System.in.read() >= 0) {
                    // nobody says anything
                }
            } catch (IOException e) {
                // as good as its end
            }
            for (String other : others) {
                ProcessHandle.of(Long.parseLong(other)).ifPresent(ProcessHandle::destroy);
            }
            Runtime.getRuntime().halt(0);
        });
    }
}
