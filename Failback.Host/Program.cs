using Failback.Host;

return args switch
{
    ["demo", "--help" or "-h"] => Demo.Help(),
    ["demo", .. var rest] => await Demo.RunAsync(rest),
    [var word, .. var rest] when RemoteOptions.Has(word, rest) && rest is ["--help" or "-h"] => Remote.Help(),
    [var word, .. var rest] when RemoteOptions.Has(word, rest) => await Remote.RunAsync(
        args,
        Environment.GetEnvironmentVariable("FAILBACK_TOKEN_FILE")
    ),
    ["queues", "--help" or "-h"] => Queues.Help(),
    ["queues", .. var rest] => await Queues.RunAsync(rest),
    ["verify" or "check", "--help" or "-h"] => Proof.Help(),
    ["verify", .. var rest] => await Proof.RunAsync(ProofCommand.Verify, rest),
    ["check", .. var rest] => await Proof.RunAsync(ProofCommand.Check, rest),
    ["--help" or "-h" or "help"] => Service.Help(),
    _ => await Service.RunAsync(args),
};
