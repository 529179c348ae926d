/**
 * A provider and a media server to practise on: {@link SandboxProvider#start start} one, and whole nights can be run
 * without a token, without a network and without a bill.
 *
 * <p>It listens on the loopback interface only, invents every note from a seed, and gives the same note the same answer
 * in any process. It also misbehaves on demand: the {@link SandboxScript} says which call gets which answer, and the
 * provider counts exactly what it was asked and what it sold.
 *
 * <p>No person, note or file in here is real.
 */
@NullMarked
package io.github.notearchive.sandbox;

import org.jspecify.annotations.NullMarked;
