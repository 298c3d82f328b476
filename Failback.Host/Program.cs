using Failback.Host;

return args switch
{
    ["demo", "--help" or "-h"] => Demo.Help(),
    ["demo", .. var rest] => await Demo.RunAsync(rest),
    ["--help" or "-h" or "help"] => Service.Help(),
    _ => await Service.RunAsync(args),
};
