using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Threading;

/// What the library cannot express.
sealed class Skip : Exception {
  public Skip(string reason) : base(reason) {}
}

/// The protocol with the runner, and a few checks.
static class Harness {
  static readonly Dictionary<string, Action> scenarios = new Dictionary<string, Action>();
  static readonly Match uri = Regex.Match(
    Environment.GetEnvironmentVariable("AMQP_URI"), @"^amqp://([^:]*):([^@]*)@([^/]*)/");

  public static string User { get { return uri.Groups[1].Value; } }
  public static string Password { get { return uri.Groups[2].Value; } }
  public static string Address { get { return uri.Groups[3].Value; } }

  /// The broker through the relay, as `host:port`.
  public static string Relay {
    get {
      string relay = Environment.GetEnvironmentVariable("AMQP_RELAY_URI");
      return Regex.Match(relay, "@([^/]*)/").Groups[1].Value;
    }
  }

  public static void Scenario(string id, Action work) {
    scenarios[id] = work;
  }

  public static void Skipped(string reason, params string[] ids) {
    foreach (string id in ids) {
      Scenario(id, () => { throw new Skip(reason); });
    }
  }

  public static string Fresh(string kind) {
    return "interop-" + kind + "-" + Guid.NewGuid().ToString("N");
  }

  public static void Equal(object actual, object expected, string what) {
    if (!Equals(actual, expected)) {
      throw new Exception(what + ": " + actual + ", not " + expected);
    }
  }

  public static void Contains(string text, string part) {
    if (!text.Contains(part)) {
      throw new Exception("\"" + part + "\" is not in \"" + text + "\"");
    }
  }

  /// Asks until the answer is true.
  public static void WaitFor(string what, Func<bool> question, int limitMs = 5000) {
    DateTime end = DateTime.UtcNow.AddMilliseconds(limitMs);
    while (!question()) {
      if (DateTime.UtcNow > end) {
        throw new Exception(what + ": not within " + limitMs + " ms");
      }
      Thread.Sleep(10);
    }
  }

  /// Cuts the connections that run through the relay.
  public static void Cut() {
    Dial("AMQP_CUT").Close();
  }

  /// Asks the runner for trouble with the broker, and waits until it is done.
  public static void Control(string word) {
    using (TcpClient door = Dial("AMQP_CONTROL")) {
      byte[] line = System.Text.Encoding.ASCII.GetBytes(word + "\n");
      door.GetStream().Write(line, 0, line.Length);
      Equal(new StreamReader(door.GetStream()).ReadToEnd(), "ok\n", word);
    }
  }

  static TcpClient Dial(string variable) {
    string[] address = Environment.GetEnvironmentVariable(variable).Split(':');
    return new TcpClient(address[0], int.Parse(address[1]));
  }

  /// Runs the scenarios named on the command line.
  public static void Run(string[] ids) {
    foreach (string id in ids) {
      Console.WriteLine(Outcome(id));
      Console.Out.Flush();
    }
    // The library's threads may still wait for a connection that is gone.
    Environment.Exit(0);
  }

  static string Outcome(string id) {
    try {
      if (!scenarios.ContainsKey(id)) {
        throw new Exception("this client has no such scenario");
      }
      scenarios[id]();
      return "ok " + id;
    } catch (Skip skip) {
      return "skip " + id + " " + skip.Message;
    } catch (Exception failure) {
      Console.Error.WriteLine(failure);
      string text = failure.GetType().Name + ": " + failure.Message;
      return "fail " + id + " " + Regex.Replace(text, @"\s+", " ");
    }
  }
}
