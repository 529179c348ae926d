/**
 * Practice provider of the command {@code sandbox}: {@link SandboxProvider} runs whole nights without token, network
 * and cost.
 *
 * <p>It listens on the loopback interface only, generates every note and file from a seed, and returns the same note in
 * each process. The tests script failures with separate classes on the same generators and endpoints.
 *
 * <p>No person, note or file in here is real.
 *
 * <p>Uses: nothing.
 */
@NullMarked
package io.github.notearchive.sandbox;

import org.jspecify.annotations.NullMarked;
