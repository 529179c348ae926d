package io.github.notearchive.bench;

import java.io.IOException;

/** Servers of a benchmark outlive neither it nor its being killed. */
final class Ends {

    private Ends() {}

    /** Ends this process as soon as its standard input does, which its parent holds open. */
    static void withInput() {
        Thread.ofPlatform()
                .daemon()
                .start(
                        () -> {
                            try {
                                while (System.in.read() >= 0) {
                                    // nobody says anything
                                }
                            } catch (IOException e) {
                                // as good as its end
                            }
                            Runtime.getRuntime().halt(0);
                        });
    }
}
