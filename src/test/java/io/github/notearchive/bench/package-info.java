/**
 * How fast a night is, in how little memory, beside what users would script: {@code ./mvnw -Pbench verify}. How it is
 * measured stands in {@code src/docs/benchmarks/README.md}.
 *
 * <p>Whatever is measured is a process of its own, and so are its servers: PostgreSQL,
 * {@link io.github.notearchive.bench.Provider}, {@link io.github.notearchive.bench.Sink}. DisplayFormat are written to
 * {@code target/bench}; nothing here fails because a figure is bad, since machines differ, but a note or file that is
 * missing always does.
 */
package io.github.notearchive.bench;
